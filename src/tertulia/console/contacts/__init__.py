"""Contacts: the list, its filters and its search."""
