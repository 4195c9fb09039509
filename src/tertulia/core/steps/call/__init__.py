"""Update: write attributes of the contact."""
