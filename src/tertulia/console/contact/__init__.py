"""One contact: who it is, what happened, and why."""
