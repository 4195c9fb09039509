"""Exit: the run ends here."""
