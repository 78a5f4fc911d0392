"""``python -m chat_ui``: the same as ``chat-ui``, where nothing is installed."""

from chat_ui.cli import main

main()
