"""Request ids: unique, not secret."""

from __future__ import annotations

import secrets
from itertools import count

from hansard.ids import REQUEST

_REQUEST_ID_LENGTH = 128
_RUN = REQUEST + secrets.token_hex(8)
_NUMBERS = count(secrets.randbits(31))
"""This process's name and a number."""


def id_of_request(sent: str) -> str:
    """The caller's own, where it is one that logs and headers can carry; else a new one."""
    if sent and len(sent) <= _REQUEST_ID_LENGTH and sent.isascii() and sent.isprintable():
        return sent
    return f"{_RUN}{next(_NUMBERS):08x}"
