"""Reflex state: translates between the page and the chat, and decides nothing."""
