"""Settings of the workspace."""
