"""Cursors: an opaque place in one order of one filtered list of one workspace."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from typing import Any

import msgspec

from hansard.errors import Invalid

_VERSION = 2
_SEAL = 8


class Cursors:
    """Writes and reads cursors sealed with the store's secret.

    A forged or foreign cursor is Invalid.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def write(self, workspace_id: str, scope: object, position: object) -> str:
        body = msgspec.msgpack.encode((_VERSION, position))
        return urlsafe_b64encode(self._seal(workspace_id, scope, body) + body).rstrip(b"=").decode()

    def read(self, workspace_id: str, scope: object, cursor: str) -> Any:  # noqa: ANN401 - the place is the caller's
        """The place that ``write`` was given for the same workspace and scope."""
        try:
            data = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except ValueError:
            data = b""
        seal, body = data[:_SEAL], data[_SEAL:]
        if (
            not body
            or seal != self._seal(workspace_id, scope, body)
            or urlsafe_b64encode(data).rstrip(b"=").decode() != cursor
        ):
            raise Invalid(
                "cursor is not one that this list gave: start again without it",
                param="cursor",
                code="bad_cursor",
            )
        version, position = msgspec.msgpack.decode(body)
        if version != _VERSION:
            raise Invalid(
                "cursor is of an older version: start again without it",
                param="cursor",
                code="bad_cursor",
            )
        return position

    def _seal(self, workspace_id: str, scope: object, body: bytes) -> bytes:
        context = msgspec.msgpack.encode((workspace_id, scope))
        return blake2b(context + body, digest_size=_SEAL, key=self._secret).digest()
