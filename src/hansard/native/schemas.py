"""What the OpenAPI document says of values that pass through as they came."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct, UnsetType

from hansard.model.parts import Part

_PART = msgspec.json.schema_components([Part], ref_template="{name}")[1]["Part"] | {
    "additionalProperties": True
}
_PARTS = {
    "type": "array",
    "minItems": 1,
    "items": _PART,
    "examples": [[{"type": "text", "content": "Where is my order?"}]],
}
Parts = Annotated[
    Raw,
    Meta(
        description="what the message consists of, byte for byte as it came",
        extra_json_schema=_PARTS,
    ),
]
PartsIn = Annotated[Raw, Meta(description="what the message consists of", extra_json_schema=_PARTS)]
Tags = Annotated[Raw, Meta(extra_json_schema={"type": "array", "items": {"type": "string"}})]
Trail = Annotated[
    Raw,
    Meta(
        description="the ordered record of intents and hand-offs",
        extra_json_schema={"type": "array", "items": {}},
    ),
]
TrailIn = Annotated[
    list[Any],
    Meta(
        description="the ordered record of intents and hand-offs", extra_json_schema={"items": {}}
    ),
]
Names = Annotated[
    Raw,
    Meta(
        description="ids by system",
        extra_json_schema={"type": "object", "additionalProperties": {"type": "string"}},
    ),
]
Metadata = Annotated[
    Raw,
    Meta(
        description="the application's own JSON",
        extra_json_schema={"type": "object", "additionalProperties": True},
    ),
]
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
    """RFC 9457: ``code`` is stable and made for programs, ``detail`` for people. Some codes bring more, such as ``seq`` or ``version``."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    param: str | UnsetType = msgspec.UNSET
