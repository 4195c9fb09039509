"""Calls to the company's API of which nobody knows what came of them."""
