"""Sources of events: connected, watched, understood, switched off."""
