"""Python's collector of cycles, in processes that work for days."""

import gc


def collect_seldom() -> None:
    """Let the collector of cycles run seldom, and never over what the program itself is made of. A worker makes some
    thousand short-lived objects at a time that hold no cycles; looking through them took a fifth of the engine's
    time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
