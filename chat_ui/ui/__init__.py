"""The page: what it is made of and how it looks."""
