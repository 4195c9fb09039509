"""Branch: the first condition that holds says which way."""
