"""When and how often customers are written to: quiet hours and frequency caps."""
