"""One-time codes: what became of them, and where they may go."""
