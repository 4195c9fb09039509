"""Templates: the list, the editor with its variants and previews, the text, and the review before publishing."""
