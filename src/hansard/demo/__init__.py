"""A workspace of realistic sample sessions.

They cover all states, kinds and channels and many languages, over the last thirty days.
"""

from hansard.demo.filling import fill, remove
from hansard.demo.live import play_live

__all__ = ["fill", "play_live", "remove"]
