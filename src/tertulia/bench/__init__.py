"""Measurements of whole paths, each beside the same work done bare in the same run: `tertulia bench NAME`."""
