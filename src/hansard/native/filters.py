"""The filters of sessions, which lists, searches, exports, bulk actions and views share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from hansard.errors import Invalid
from hansard.http.fields import Moment, us
from hansard.model import SessionFilter
from hansard.model.run import STATES
from hansard.model.session import KINDS, RESOLUTIONS, SUB_SESSION, TASK_SESSION, Sort
from hansard.native.schemas import Cursor, Json, KindOut, Limit, ResolutionOut, StateOut

Values = tuple[str, ...]
_SAME = (
    "state",
    "channel",
    "kind",
    "app",
    "agent",
    "model",
    "resolution",
    "intent",
    "trigger",
    "tag",
)


class FilterParams(Struct, frozen=True, kw_only=True, cache_hash=True):
    """Which sessions: those that pass every filter. The values of one filter are alternatives."""

    example: ClassVar[Json] = {
        "state": ["failed", "interrupted"],
        "channel": ["web"],
        "kind": ["session"],
        "app": ["shop"],
        "agent": ["support"],
        "model": ["gpt-5"],
        "user": ["ada"],
        "workflow": ["wf-refunds"],
        "parent": ["order-17"],
        "resolution": ["unresolved"],
        "intent": ["refund"],
        "trigger": ["schedule"],
        "tag": ["vip"],
        "title": "parcel",
        "created_from": "2026-01-01T00:00:00Z",
        "created_until": "2026-01-31T23:59:59Z",
        "updated_from": "2026-01-01T00:00:00Z",
        "updated_until": "2026-01-31T23:59:59Z",
    }

    state: tuple[StateOut, ...] = ()
    """Only sessions in one of these states."""
    channel: Values = ()
    """Only sessions from one of these channels, in any case."""
    kind: tuple[KindOut, ...] = ()
    """Only sessions of one of these kinds."""
    app: Values = ()
    """Only sessions of one of these applications."""
    agent: Values = ()
    """Only sessions with one of these agents."""
    model: Values = ()
    """Only sessions with one of these language models."""
    user: Values = ()
    """Only sessions of one of these end users."""
    workflow: Values = ()
    """Only sessions with one of these `workflow_id`s."""
    parent: Values = ()
    """Only sessions that branched from one of these, by any of its ids."""
    resolution: tuple[ResolutionOut, ...] = ()
    """Only sessions with one of these resolutions."""
    intent: Values = ()
    """Only sessions with one of these intents."""
    trigger: Values = ()
    """Only sessions that one of these triggers started."""
    tag: Values = ()
    """Only sessions that have at least one of these tags."""
    title: Annotated[str, Meta(max_length=256)] | None = None
    """Only sessions whose title contains this text, in any case."""
    archived: bool | None = None
    """True for archived sessions alone, false for all others. Without it both are shown."""
    ended: bool | None = None
    """True for sessions that have ended alone, false for all others."""
    unread: bool | None = None
    """True for sessions with messages that nobody has read, false for all others."""
    has_messages: bool | None = None
    """True for sessions that have messages, false for empty ones."""
    sub_sessions: bool = True
    """False leaves out sessions that branched from another."""
    task_sessions: bool = True
    """False leaves out sessions of kind `workflow` or `task`."""
    created_from: Moment | None = None
    """Only sessions that began at this time or later."""
    created_until: Moment | None = None
    """Only sessions that began at this time or earlier."""
    updated_from: Moment | None = None
    """Only sessions that last changed at this time or later."""
    updated_until: Moment | None = None
    """Only sessions that last changed at this time or earlier."""


class ListParams(FilterParams, frozen=True, kw_only=True, cache_hash=True):
    """The filters of sessions, and which page of them."""

    sort: Sort = "-updated_at"
    """The order; `-` is descending. Sessions of one moment or title are ordered by their id."""
    limit: Limit = 50
    """The most sessions that a page may have."""
    cursor: Cursor = None
    total: bool = False
    """True adds `total`, the exact number of sessions that match."""


def filter_of(params: FilterParams) -> SessionFilter:
    """The filter that the parameters mean; Invalid for a value that could never match."""
    for field, known in (("state", STATES), ("kind", KINDS), ("resolution", RESOLUTIONS)):
        check_words(field, getattr(params, field), known)
    skipped = (0 if params.sub_sessions else SUB_SESSION) | (
        0 if params.task_sessions else TASK_SESSION
    )
    values: dict[str, Any] = {field: getattr(params, field) for field in _SAME}
    return SessionFilter(
        **values,
        user_id=params.user,
        workflow_id=params.workflow,
        parent_id=params.parent,
        branch=tuple(bits for bits in range(4) if not bits & skipped) if skipped else (),
        query=params.title or None,
        archived=params.archived,
        ended=params.ended,
        unread=params.unread,
        has_messages=params.has_messages,
        created_from=us(params.created_from),
        created_until=us(params.created_until),
        updated_from=us(params.updated_from),
        updated_until=us(params.updated_until),
    )


def check_words(field: str, values: Sequence[str], known: Sequence[str]) -> None:
    """Raise Invalid for a word that no session has: an empty list would look like an answer."""
    unknown = [value for value in values if value not in known]
    if unknown:
        raise Invalid(
            f"{field}: unknown value {unknown[0]!r}: choose from {', '.join(known)}", param=field
        )
