"""B3OS's envelope: every answer has a code, a message and the request id beside its data."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta, Struct

from hansard.errors import (
    Conflict,
    Error,
    Forbidden,
    Invalid,
    NotFound,
    StoreUnavailable,
    TooLarge,
    TooMany,
    Unauthenticated,
)
from hansard.http.route import Failure

CODES: dict[type[Error], int] = {
    Invalid: 400001,
    Unauthenticated: 401001,
    Forbidden: 403001,
    NotFound: 404001,
    Conflict: 409001,
    TooLarge: 413001,
    TooMany: 429001,
    StoreUnavailable: 503001,
}
_REQUEST_ID = "The caller's `X-Request-ID`, else one that the server chose; its log has it too."


class ErrorOut(Struct, kw_only=True, rename="camel"):
    """An error in B3OS's envelope."""

    example: ClassVar[dict[str, Any]] = {
        "code": 400001,
        "message": "limit: expected a whole number >= 1, got '0'",
        "requestId": "req_abc123",
        "details": [],
    }

    code: Annotated[int, Meta(ge=400000, le=599999)]
    """Six digits, of which the first three are the HTTP status."""
    message: str
    """What was wrong, where, and what to do."""
    request_id: Annotated[str, Meta(description=_REQUEST_ID)]
    details: list[Any] = []
    """Always empty."""


def error_out(failure: Failure) -> ErrorOut:
    code = CODES.get(type(failure.error), 0)
    return ErrorOut(
        code=code if code // 1000 == failure.status else failure.status * 1000 + 1,
        message=failure.error.message,
        request_id=failure.request_id,
    )


def enveloped(data: bytes, request_id: str) -> bytes:
    return (
        b'{"code":200,"data":'
        + data
        + b',"message":"success","requestId":'
        + msgspec.json.encode(request_id)
        + b"}"
    )


def envelope(schema: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema of an answer whose data has this one."""
    fields = {
        "code": {"type": "integer", "const": 200, "description": "Always 200."},
        "data": {"description": "The answer."} | schema,
        "message": {"type": "string", "const": "success", "description": "Always `success`."},
        "requestId": {"type": "string", "description": _REQUEST_ID},
    }
    return {"type": "object", "properties": fields, "required": [*fields]}
