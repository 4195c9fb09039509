"""An engine beside the importer, so that what it takes is decided."""

import threading

from tertulia.workers.importer import Setup, work_once


def work_beside_engine(setup: Setup) -> None:
    """The importer does one pass while an engine decides what it brings."""
    from tertulia.store.db import connect
    from tertulia.workers.engine import Engine

    with connect(setup.url) as conn:
        engine = Engine(conn, "http://localhost", name="test", test_clock=setup.test_clock)
        thread = threading.Thread(target=work_once, args=(setup,))
        thread.start()
        while thread.is_alive():
            engine.run_round()
            thread.join(0.01)
        while engine.run_round():
            pass
        engine.release()
