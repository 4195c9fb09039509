"""Channels: the list, connecting one, and each channel's own page."""
