"""Any SMS gateway that is spoken to over HTTP, by configuration."""
