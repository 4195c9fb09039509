"""Journeys: the list, the editor, its text, the review before publishing, and who is where."""
