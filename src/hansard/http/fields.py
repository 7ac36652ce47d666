"""Field types that both query strings and bodies use, and how msgspec reads and describes them."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from hansard.model.times import Moment, parse

_EXAMPLE = "write one such as 2026-01-31T09:30:00Z"
SCHEMA_OF = "schema_of"


def schema_of(kind: Any) -> Meta:  # noqa: ANN401 - any type
    """Say of a ``Raw`` field that its JSON has the schema of ``kind``."""
    return Meta(extra={SCHEMA_OF: kind})


Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""A time that goes out as text, already in its API's spelling."""


def us(value: Moment | None) -> int | None:
    """Microseconds as a plain integer, which every encoder takes."""
    return None if value is None else int(value)


class NotATime(ValueError):
    """A value that is not a time; msgspec keeps it as the cause of its ValidationError."""


def dec_hook(kind: type, value: Any) -> Any:  # noqa: ANN401 - msgspec's protocol
    if kind is not Moment:
        raise NotImplementedError(kind)
    if not isinstance(value, str):
        message = f"{value!r} is not a time: {_EXAMPLE}"
        raise NotATime(message)
    try:
        return Moment(parse(value))
    except ValueError as problem:
        message = f"{value[:64]!r} is not a time: {_EXAMPLE}"
        raise NotATime(message) from problem


def schema_hook(kind: type) -> dict[str, Any]:
    if kind is not Moment:
        raise NotImplementedError(kind)
    return {"type": "string", "format": "date-time"}
