"""Bodies and answers as MessagePack, so that bytes need no base64: the same structs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, Raw, Struct
from msgspec.structs import fields

from hansard.errors import Invalid
from hansard.http.route import Reply

if TYPE_CHECKING:
    from hansard.http.call import Call
    from hansard.http.route import Route

MSGPACK = "application/msgpack"
_JSON = "application/json"
_ANY = ("", "*/*", _JSON)
"""What nearly every caller accepts."""


def is_packed(content_type: str) -> bool:
    """Whether a body says that it is MessagePack."""
    return content_type.partition(";")[0].strip().lower() == MSGPACK


def as_json(data: bytes) -> bytes:
    """The JSON that says the same, where bytes are base64; Invalid for what JSON cannot say."""
    try:
        return msgspec.json.encode(msgspec.msgpack.decode(data)) if data else data
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as problem:
        raise Invalid(
            f"the body must be MessagePack of what JSON can hold: {problem}", code="bad_msgpack"
        ) from problem


def wanted(route: Route, call: Call[Any, Any]) -> bool:
    """Whether the caller asks for MessagePack, and the route gives it."""
    if not route.msgpack or (accepted := call.headers.get("accept")) in _ANY:
        return False
    return any(kind.partition(";")[0].strip().lower() == MSGPACK for kind in accepted.split(","))


def packed(route: Route, reply: Reply) -> Reply:
    """The answer as MessagePack, where it is JSON of the route's type."""
    if (reply.media_type or _JSON) != _JSON or not reply.body:
        return reply
    answer = msgspec.json.decode(reply.body, type=route.returns)
    body = msgspec.msgpack.encode(_plain(answer))
    return msgspec.structs.replace(reply, body=body, media_type=MSGPACK)


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever an answer holds
    """A struct as MessagePack takes it: without what is unset, its raw JSON decoded."""
    if isinstance(value, Struct):
        return {
            field.encode_name: _plain(inner)
            for field in fields(value)
            if (inner := getattr(value, field.name)) is not UNSET
        }
    if isinstance(value, Raw):
        return msgspec.json.decode(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
