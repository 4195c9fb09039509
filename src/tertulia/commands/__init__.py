"""The commands of the command line, one module each: arguments, and what runs. The work itself is done elsewhere."""
