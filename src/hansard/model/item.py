"""The foreign original of a message, kept byte for byte beside its parts."""

from __future__ import annotations

from hashlib import blake2b
from typing import Literal

from msgspec import Struct

Encoding = Literal["json", "bytes"]
FORMAT = 64
"""The longest name of a format, in characters."""


class Item(Struct, frozen=True):
    """What a foreign program gave: ``data`` is the text of one JSON value, or any bytes."""

    format: str
    encoding: Encoding
    data: bytes

    @property
    def digest(self) -> bytes:
        """The 16 bytes by which the hash chain covers the item."""
        head = f"{self.format}\x1f{self.encoding}\x1f".encode()
        return blake2b(head + self.data, digest_size=16).digest()
