"""Ids of messages without what their session and ``seq`` say of them anyway.

What is left are the time in milliseconds and two random bits: six bytes instead of forty letters.
``ids.py`` says how an id is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.byte_cache import MIB, remembered
from hansard.ids import MESSAGE, seq_of

if TYPE_CHECKING:
    from collections.abc import Callable

_BYTES = 6
"""Enough until the year 4199."""
_TAIL = 10


def short_of(message_id: str, session_id: str, seq: int) -> bytes | None:
    """What one of our message ids says beyond its session and ``seq``; None for any other id.

    ``message_at`` makes the id of it again.
    """
    if seq_of(message_id) != seq:
        return None
    start = len(MESSAGE)
    try:
        at = int(message_id[start : start + 8] + message_id[start + 9 : start + 13], 16)
        short = (at << 2 | int(message_id[-9], 16) & 3).to_bytes(_BYTES, "big")
        return short if message_at(session_id, seq, short) == message_id else None
    except (ValueError, OverflowError):
        return None


def message_at(session_id: str, seq: int, short: bytes) -> str:
    """The message id of which ``short_of`` gave the rest."""
    return ids_in(session_id)(seq, short)


def ids_in(session_id: str) -> Callable[[int, bytes], str]:
    """``message_at`` for the messages of one session."""
    middles = _middles(session_id)

    def message_id(seq: int, short: bytes) -> str:
        number = int.from_bytes(short, "big")
        at = f"{number >> 2:012x}"
        return f"{MESSAGE}{at[:8]}-{at[8:]}{middles[number & 3]}{seq:08x}"

    return message_id


@remembered(MIB)
def _middles(session_id: str) -> tuple[str, ...]:
    """What stands between the time and the ``seq``, for each value of the random bits."""
    high, low = session_id[-_TAIL : 3 - _TAIL], int(session_id[3 - _TAIL :], 16)
    lows = [f"{1 << 31 | low << 2 | random:08x}" for random in range(4)]
    return tuple(f"-7{high}-{each[:4]}-{each[4:]}" for each in lows)
