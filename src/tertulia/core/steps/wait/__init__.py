"""Wait: for a duration, until a time of day, a weekday, or an instant that an attribute or property names."""
