"""Viber bots (REST)."""
