"""The pieces that pages are made of. What has behavior of its own is a script, wrapped in ``scripts.py``."""
