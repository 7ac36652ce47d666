"""Ids: UUIDv7 behind a prefix, and the many names that one session answers to."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable

SESSION, MESSAGE, RUN, WORKSPACE, REQUEST = "ses_", "msg_", "run_", "ws_", "req_"
MAX_LENGTH = 256

FOREIGN = ("asset_", "session_", "websocket_", "websocket:", "conv_")
"""What the dialects put before a session's UUID. Every API takes a session by each of them.

They are here, since a session is looked up by its name below the dialects. Another dialect's prefix
is one more of them; a prefix that is none is a part of a caller's own id."""
_DIGITS_OF_UUID = r"([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})"
_UUID = re.compile(rf"(?:{SESSION}|{'|'.join(FOREIGN)})?{_DIGITS_OF_UUID}", re.IGNORECASE)
_MESSAGE = re.compile(rf"(?:{MESSAGE})?{_DIGITS_OF_UUID}(?:\.\d{{1,9}})?", re.IGNORECASE)
"""One of our message ids in any API: as a plain UUID, or with the number of a part behind it."""
_PREFIX = re.compile(rf"^(?:{SESSION}|{'|'.join(FOREIGN)})")
_OWN = re.compile(r"[^/\x00-\x1f\x7f\ud800-\udfff]{1,256}")
_WORKSPACE = re.compile(r"[0-9a-z-]{6,36}")
_SEQ_MASK = (1 << 32) - 1
_TAIL, _LOW = 10, 28
_LOW_MASK = (1 << _LOW) - 1
"""How many digits of its session's UUID a message id has, and how many of their bits lie low."""
_DIGITS, _WORKSPACE_LENGTH = "0123456789abcdefghjkmnpqrstvwxyz", 6
_EPOCH, _TICK = 1_767_225_600_000_000, 4_000_000
"""Ids of workspaces count stretches of four seconds since 2026, which lasts until 2162."""

Clock = Callable[[], int]


def microseconds() -> int:
    """The wall clock in integer microseconds since 1970, UTC."""
    return time.time_ns() // 1000


class IdSource:
    """Makes ids; the clock and the randomness come in, so that tests can fix both."""

    def __init__(
        self, clock: Clock = microseconds, random: Callable[[int], int] = secrets.randbits
    ) -> None:
        self._clock = clock
        self._random = random
        self._last_workspace = -1

    def uuid(self) -> str:
        return _format(self._time_bits() | self._random(62))

    def workspace(self, spread: int = 0) -> str:
        """Six letters and digits: short, since each row and index entry begins with it.

        They rise with time. So a new workspace is at the end of each table, where the pages of an
        import are filled. Where another process took the id, ``spread`` bits of chance lead on.
        """
        now = max(0, self._clock() - _EPOCH) // _TICK
        number = max(now, self._last_workspace + 1) + (self._random(spread) if spread else 0)
        self._last_workspace = number
        return "".join(
            _DIGITS[number >> shift & 31] for shift in range(5 * _WORKSPACE_LENGTH - 5, -1, -5)
        )

    def message(self, session_id: str, seq: int) -> str:
        """A message id that carries its ``seq`` and the end of its session's UUID.

        So it leads to the message, and no message is in an index for that.
        """
        tail = int(session_id[-_TAIL:], 16)
        kept = (tail >> _LOW) << 64 | (tail & _LOW_MASK) << 34 | self._random(2) << 32
        at = (self._clock() // 1000) << 80 | 0x7 << 76 | 0b10 << 62
        return MESSAGE + _format(at | kept | (seq & _SEQ_MASK))

    def prefixed(self, prefix: str) -> str:
        return prefix + self.uuid()

    def _time_bits(self) -> int:
        return (self._clock() // 1000) << 80 | 0x7 << 76 | self._random(12) << 64 | 0b10 << 62


def _format(number: int) -> str:
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def seq_of(message_id: str) -> int | None:
    """The ``seq`` inside one of our message ids; None when it is not one of ours."""
    if not message_id.startswith(MESSAGE) or len(message_id) != len(MESSAGE) + 36:
        return None
    try:
        return int(message_id[-8:], 16)
    except ValueError:
        return None


def session_tail_of(message_id: str) -> str:
    """The end of the session's UUID that one of our message ids carries, in hexadecimal digits."""
    number = int(message_id.removeprefix(MESSAGE).replace("-", ""), 16)
    tail = (number >> 64 & 0xFFF) << _LOW | (number >> 34 & _LOW_MASK)
    return f"{tail:0{_TAIL}x}"


def uuid_in(name: str) -> str | None:
    """The UUID that a session's name holds in any of its forms, in canonical spelling.

    >>> uuid_in("asset_0190163D-8694-739b-aea5-966c26f8ad91")
    '0190163d-8694-739b-aea5-966c26f8ad91'
    """
    match = _UUID.fullmatch(name)
    return "-".join(match.groups()).lower() if match else None


def message_in(name: str) -> str | None:
    """The message id that a message's name in any API holds, in canonical spelling.

    >>> message_in("0190163D-8694-739b-aea5-966c00000001")
    'msg_0190163d-8694-739b-aea5-966c00000001'
    """
    match = _MESSAGE.fullmatch(name)
    return MESSAGE + "-".join(match.groups()).lower() if match else None


def uuid_start(text: str) -> str:
    """The beginning of a session's UUID that the beginning of one of its names holds.

    >>> uuid_start("ses_0190163D-86")
    '0190163d-86'
    """
    return _PREFIX.sub("", text).lower()


def is_workspace(text: str) -> bool:
    """Whether this can be the id of a workspace."""
    return _WORKSPACE.fullmatch(text) is not None


def is_own_id(name: str) -> bool:
    """Whether a caller may use this as an id: 1-256 characters, no slash, no control character."""
    return _OWN.fullmatch(name) is not None and name not in {".", ".."}


def file_safe(name: str) -> str:
    """An id with ``_`` for ``:`` and ``/``, which can be a file's name.

    It names the session as well.

    >>> file_safe("telegram:1/2")
    'telegram_1_2'
    """
    return name.replace(":", "_").replace("/", "_")


def percent_spelling(name: str) -> str:
    """An id with ``:`` and ``/`` percent-encoded; one that has ``%3A`` with ``:`` in its place.

    The adapters of frameworks name sessions with both encoded. It names the session as well.

    >>> percent_spelling("telegram:1/2"), percent_spelling("telegram%3A1%2F2")
    ('telegram%3A1%2F2', 'telegram:1%2F2')
    """
    if "%3A" in name:
        return name.replace("%3A", ":")
    return name.replace(":", "%3A").replace("/", "%2F")
