"""Twilio Programmable Messaging: SMS."""
