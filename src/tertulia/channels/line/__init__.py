"""LINE Messaging API: an official account."""
