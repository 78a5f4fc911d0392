"""The pieces that pages are made of. A piece with behavior of its own has a ``.js`` beside its ``.py``."""
