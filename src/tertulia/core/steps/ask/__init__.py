"""Ask the customer."""
