"""Types of fields that many bodies of the native API share, and its error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, TypeAlias

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from hansard.errors import Reason
from hansard.http.fields import schema_of
from hansard.model.message import ROLES
from hansard.model.parts import Part
from hansard.model.run import STATES
from hansard.model.session import KINDS, RESOLUTIONS

Json = dict[str, Any]
StructType: TypeAlias = type[Struct]
"""For a class variable of a struct that has a field ``type``."""


def one_of(words: Sequence[str]) -> Meta:
    """Document the words of a field that the service checks, or that only answers have."""
    return Meta(extra_json_schema={"enum": [*words]})


KindOut = Annotated[str, one_of(KINDS)]
ResolutionOut = Annotated[str, one_of(RESOLUTIONS)]
RoleOut = Annotated[str, Meta(examples=[*ROLES])]
RoleIn = Annotated[str, Meta(min_length=1, max_length=64, examples=[*ROLES])]
StateOut = Annotated[str, one_of(STATES)]

_CURSOR = "eyJhIjo0Mn0.c2lnbmVk"

Limit = Annotated[
    int,
    Meta(
        ge=1,
        le=200,
        description=(
            "The most entries that a page may have; fewer where more would have over 8 MiB."
        ),
    ),
]
Cursor: TypeAlias = Annotated[
    str | None,
    Meta(
        description="The `next_cursor` of the page before, with all other parameters as they were.",
        examples=[_CURSOR],
    ),
]
HasMore = Annotated[bool, Meta(description="Whether there is a page behind this one.")]
NextCursor: TypeAlias = Annotated[
    str | None,
    Meta(
        description="Send it as `cursor` for the next page; null on the last one.",
        examples=[_CURSOR],
    ),
]
Deleted = Annotated[bool, Meta(description="Always true.")]
Total = Annotated[int, Meta(description="How many match in all; only with `total=true`.")]
SessionId = Annotated[str, Meta(description="The session, by the `id` that its answers have.")]
SessionUid = Annotated[str, Meta(description="The session, by its `uid`: `ses_` and a UUID.")]

_PART = [{"type": "text", "content": "Where is my order?"}]
Parts = Annotated[Raw, schema_of(Annotated[list[Part], Meta(min_length=1, examples=[_PART])])]
Tags = Annotated[Raw, schema_of(list[str])]
Trail = Annotated[Raw, schema_of(list[Any])]
Names = Annotated[Raw, schema_of(dict[str, str])]
AnyJson = Annotated[Raw, schema_of(Any)]
Metadata = Annotated[Raw, schema_of(dict[str, Any])]
Spans = Annotated[
    list[Any],
    Meta(
        extra_json_schema={
            "items": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
            "examples": [[[0, 5]]],
        }
    ),
]


class ProblemDetails(Struct, frozen=True, kw_only=True):
    """An error, as RFC 9457 shapes it. Programs branch on ``code``; ``detail`` is for people.

    Some codes bring further fields, such as ``seq`` with ``seq_mismatch``.
    """

    example: ClassVar[Json] = {
        "type": "/docs/errors#invalid",
        "title": "Invalid",
        "status": 400,
        "detail": "limit: expected a whole number <= 200, got '500'",
        "instance": "/v1/sessions",
        "code": "invalid",
        "request_id": "req_3f1c2b9a7d5e40160000002a",
        "param": "limit",
        "reason": "too_large",
    }

    type: str
    """A link to the code's line on the server's page of errors, relative to the server."""
    title: str
    """The code in words."""
    status: int
    """The HTTP status."""
    detail: str
    """What was wrong, where, and what to do."""
    instance: str
    """The path of the request."""
    code: str
    """Which error it is. Codes are stable; those of this API are at `/docs/errors`."""
    request_id: str
    """The caller's `X-Request-ID`, else one that the server chose; its log has it too."""
    param: str | UnsetType = UNSET
    """The parameter, header or place in the body that was wrong, such as `messages[0].role`."""
    reason: Reason | UnsetType = UNSET
    """In what way it was wrong, where that is one of the usual ways."""
