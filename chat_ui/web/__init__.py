"""What the site says by plain HTTP: its door, sign-in pages, and the headers of every answer."""
