"""An engine in a process of its own, for the benches: `python -m tertulia.bench.engine`. Ends on SIGTERM."""

import os
import signal
import threading

from tertulia.workers.engine import run_engine


def main() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run_engine(os.environ["DATABASE_URL"], os.environ["PUBLIC_URL"], stop)


if __name__ == "__main__":
    main()
