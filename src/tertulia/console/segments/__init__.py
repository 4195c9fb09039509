"""Segments and lists: who belongs, who is in them, who came and left, and what uses them."""
