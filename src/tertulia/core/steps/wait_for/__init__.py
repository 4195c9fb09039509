"""Wait for an event, until a time-out."""
