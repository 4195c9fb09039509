"""E-mail through any mail server that is spoken to over SMTP."""
