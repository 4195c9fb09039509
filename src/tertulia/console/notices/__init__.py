"""Notifications: what happened while one was elsewhere."""
