"""The command palette: finds pages, contacts and things to do."""
