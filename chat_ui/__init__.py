"""A self-hosted streaming chat site for any LLM gateway."""
