"""``chat-ui doctor``: looks a deployment over, and says in words what is wrong and what to do about it."""
