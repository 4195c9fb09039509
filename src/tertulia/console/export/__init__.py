"""Contacts as a CSV file."""
