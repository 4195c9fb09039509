"""What came in and could not be decided or read."""
