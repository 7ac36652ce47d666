"""Ids of messages without what their session and ``seq`` say of them anyway.

What is left are the time in milliseconds and two random bits: six bytes instead of forty letters.
``ids.py`` says how an id is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.byte_cache import MIB, remembered
from hansard.ids import MESSAGE

if TYPE_CHECKING:
    from collections.abc import Callable

_BYTES = 6
"""Enough until the year 4199."""
_TAIL = 10
_TIME_END, _SEQ = len(MESSAGE) + 13, 8
"""Where the time in an id ends, and how many digits its ``seq`` has at the end."""


def short_of(message_id: str, session_id: str, seq: int) -> bytes | None:
    """What one of our message ids says beyond its session and ``seq``; None for any other id.

    ``message_at`` makes the id of it again.
    """
    time, middle = message_id[:_TIME_END], message_id[_TIME_END:-_SEQ]
    try:
        random = _middles(session_id).index(middle)
        at = int(time[len(MESSAGE) :].replace("-", ""), 16)
        short = (at << 2 | random).to_bytes(_BYTES, "big")
    except (ValueError, OverflowError):
        return None
    return short if f"{_time(at)}{middle}{seq:08x}" == message_id else None


def message_at(session_id: str, seq: int, short: bytes) -> str:
    """The message id of which ``short_of`` gave the rest."""
    return ids_in(session_id)(seq, short)


def ids_in(session_id: str) -> Callable[[int, bytes], str]:
    """``message_at`` for the messages of one session."""
    middles = _middles(session_id)

    def message_id(seq: int, short: bytes) -> str:
        number = int.from_bytes(short, "big")
        return f"{_time(number >> 2)}{middles[number & 3]}{seq:08x}"

    return message_id


def _time(at: int) -> str:
    """The beginning of an id that was made at this millisecond."""
    digits = f"{at:012x}"
    return f"{MESSAGE}{digits[:8]}-{digits[8:]}"


@remembered(MIB)
def _middles(session_id: str) -> tuple[str, ...]:
    """What stands between the time and the ``seq``, for each value of the random bits."""
    high, low = session_id[-_TAIL : 3 - _TAIL], int(session_id[3 - _TAIL :], 16)
    lows = [f"{1 << 31 | low << 2 | random:08x}" for random in range(4)]
    return tuple(f"-7{high}-{each[:4]}-{each[4:]}" for each in lows)
