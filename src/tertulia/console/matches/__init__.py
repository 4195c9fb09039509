"""Matches: the list, the draft on one page, and a launched match's results."""
