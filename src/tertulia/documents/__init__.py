"""Documents: what people write as text, in files or in the console, and what is wrong with it, line by line."""
