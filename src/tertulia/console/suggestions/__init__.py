"""Open merge suggestions of the whole workspace."""
