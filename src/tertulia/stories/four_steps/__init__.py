"""The story `four-steps`: a triggered campaign, and what becomes of everybody whom it meets or does not."""
