"""Where an error was raised, for the log: its text may hold somebody's data and is never logged."""

import traceback


def place_of(error: Exception) -> str:
    """File and line."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"
