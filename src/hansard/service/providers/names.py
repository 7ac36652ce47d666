"""Names, ids and JSON of tool calls, in the characters and lengths that every provider accepts."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Any

import msgspec

_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")
_ID_LENGTH, _NAME_LENGTH = 64, 64
_DIGEST_BYTES = 4


def plain_id(call_id: str | None) -> str:
    """A tool call's id in letters, digits, dashes and underscores, at most 64."""
    return shortened(_FOREIGN.sub("_", call_id or "call"), _ID_LENGTH)


def tool_name(name: str | None) -> str:
    """A tool's name in letters, digits, dashes and underscores, at most 64."""
    return shortened(_FOREIGN.sub("_", name or "tool"), _NAME_LENGTH)


def shortened(text: str, length: int) -> str:
    """The text, its end replaced by a digest of the whole where it is too long.

    Two texts that differ stay different.
    """
    if len(text) <= length:
        return text
    digest = blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()
    return f"{text[: length - 1 - len(digest)]}_{digest}"


def json_object(value: Any, name: str = "value") -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """``value`` as a JSON object; JSON text is read, and what is no object stands under ``name``.

    >>> json_object('{"q": 1}'), json_object(""), json_object('{"command": "ls')
    ({'q': 1}, {}, {'value': '{"command": "ls'})
    """
    if isinstance(value, str):
        if not value.strip():
            return {}
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            return {name: value}
    if value is None:
        return {}
    return value if isinstance(value, dict) else {name: value}
