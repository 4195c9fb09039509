"""Message: one message on the first channel that reaches the customer."""
