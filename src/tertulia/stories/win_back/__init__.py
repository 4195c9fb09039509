"""The story `win-back`: customers who went quiet get a code at the hour at which they used to look."""
