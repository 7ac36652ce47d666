"""Keys: ``hsd_<8 key id>_<32 base62 secret><6 base62 CRC32>``, kept as an HMAC of the secret."""

from __future__ import annotations

import hmac
import secrets
import zlib
from collections.abc import Callable

from msgspec import Struct

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PREFIX, _ID, _SECRET, _CHECK = "hsd_", 8, 32, 6
_LENGTH = len(_PREFIX) + _ID + 1 + _SECRET + _CHECK


class Presented(Struct, frozen=True):
    """A well-formed key as a caller sends it."""

    id: str
    secret: str


class KeyMint:
    """Makes and checks keys; ``pepper`` is the store's own secret, ``choose`` the randomness."""

    def __init__(self, pepper: bytes, choose: Callable[[str], str] = secrets.choice) -> None:
        self._pepper = pepper
        self._choose = choose

    def make(self) -> tuple[str, Presented, str]:
        """A new key: its text (shown once), its pieces, and the digest to store."""
        presented = Presented(self._random(_ID), self._random(_SECRET))
        body = f"{_PREFIX}{presented.id}_{presented.secret}"
        return body + _check(body), presented, self.digest(presented)

    def digest(self, presented: Presented) -> str:
        return hmac.digest(
            self._pepper, f"{presented.id}:{presented.secret}".encode(), "sha256"
        ).hex()

    def matches(self, presented: Presented, digest: str) -> bool:
        return hmac.compare_digest(self.digest(presented), digest)

    def _random(self, length: int) -> str:
        return "".join(self._choose(_ALPHABET) for _ in range(length))


def read(text: str) -> Presented | None:
    """The pieces of a key; None when the text is not a key or has a typo.

    Needs no database.
    """
    if len(text) != _LENGTH or not text.startswith(_PREFIX) or not text.isascii():
        return None
    body, check = text[:-_CHECK], text[-_CHECK:]
    key_id, separator, secret = body[len(_PREFIX) :].partition("_")
    if (
        len(key_id) != _ID
        or not separator
        or not secret.isalnum()
        or not hmac.compare_digest(_check(body), check)
    ):
        return None
    return Presented(key_id, secret)


def masked(text: str) -> str:
    """A key as it may be shown or logged."""
    return text[: len(_PREFIX) + _ID + 1] + "…" if text.startswith(_PREFIX) else "…"


def _check(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(_CHECK):
        number, index = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[index] + digits
    return digits
