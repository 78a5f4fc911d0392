"""A naive chat."""
