"""Facebook Messenger Platform: a Page's conversations."""
