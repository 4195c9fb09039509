"""Broadcasts: listed, written on one page, launched, and what came of them."""
