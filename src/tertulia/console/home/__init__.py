"""The first page: figures, what waits for someone, what runs, what is left to set up."""
