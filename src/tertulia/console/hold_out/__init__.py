"""The share of customers who get no marketing."""
