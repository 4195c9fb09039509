"""Hand over to people."""
