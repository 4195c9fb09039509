"""Past events of a source: imported from a file, in four steps."""
