"""Keys of machines that use the API."""
