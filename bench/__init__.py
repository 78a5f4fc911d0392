"""Speed and cost of Chat UI, beside others that do the same: ``uv run --group bench python -m bench``."""
