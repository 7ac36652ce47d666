"""A workspace full of believable sessions: all states, kinds, channels and many languages, over the last thirty days."""

from hansard.demo.filling import fill, remove
from hansard.demo.live import play_live

__all__ = ["fill", "play_live", "remove"]
