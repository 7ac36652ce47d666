"""Which sessions a list shows: each filter is declared here once.

The native API reads these fields from the query string, the page and the command line take their
filters from them, and ``store/filter_conditions.py`` has the condition of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin

from msgspec import Meta, Struct, field
from msgspec.structs import fields

from hansard.model.run import STATES
from hansard.model.session import KINDS, RESOLUTIONS, SUB_SESSION, TASK_SESSION, Sort
from hansard.model.times import Moment, rfc3339

Values = tuple[str, ...]
Archived = Literal["true", "false", "any"]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Amount = Annotated[float, Meta(ge=0, le=9_000_000)]
"""Dollars or seconds: in billionths of a dollar and in microseconds all of them are exact."""
NONE = {
    **{name: name for name in ("state", "channel", "app", "agent", "model")},
    "user": "user_id",
    "workflow": "workflow_id",
    "parent": "parent_id",
    **{name: name for name in ("intent", "trigger", "assignee")},
}
"""The filters of what a session may lack, by their callers' names, and their fields."""
CHOICES = {"state": STATES, "kind": KINDS, "resolution": RESOLUTIONS, "none": tuple(NONE)}
"""The filters whose values are words of the model."""


def _words(name: str) -> Meta:
    return Meta(extra_json_schema={"enum": CHOICES[name]})


class _Filters(Struct, frozen=True, kw_only=True, cache_hash=True):
    """The filters that callers and the store have alike. A session passes all of them.

    The values of one filter are alternatives. Times are inclusive.
    """

    example: ClassVar[dict[str, Any]] = {
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
        "tool": ["issue_refund"],
        "assignee": ["grace"],
        "score": ["helpful"],
        "none": ["agent"],
        "title": "parcel",
        "note": "refund",
        "metadata": ["plan=pro"],
        "failed_calls_from": 1,
        "failed_calls_until": 10,
        "messages_from": 2,
        "messages_until": 200,
        "tokens_from": 1000,
        "tokens_until": 50000,
        "cost_from": 0.05,
        "cost_until": 1.5,
        "duration_from": 60,
        "duration_until": 3600,
        "created_from": "2026-01-01T00:00:00Z",
        "created_until": "2026-01-31T23:59:59Z",
        "updated_from": "2026-01-01T00:00:00Z",
        "updated_until": "2026-01-31T23:59:59Z",
        "active_from": "2026-01-01T00:00:00Z",
        "active_until": "2026-01-31T23:59:59Z",
    }

    state: tuple[Annotated[str, _words("state")], ...] = ()
    """Only sessions in one of these states."""
    channel: Values = ()
    """Only sessions from one of these channels, in any case."""
    kind: tuple[Annotated[str, _words("kind")], ...] = ()
    """Only sessions of one of these kinds."""
    app: Values = ()
    """Only sessions of one of these applications."""
    agent: Values = ()
    """Only sessions with one of these agents."""
    model: Values = ()
    """Only sessions with one of these language models."""
    user_id: Values = field(name="user", default=())
    """Only sessions of one of these end users."""
    workflow_id: Values = field(name="workflow", default=())
    """Only sessions with one of these `workflow_id`s."""
    parent_id: Values = field(name="parent", default=())
    """Only sessions that branched from one of these, by any of its ids."""
    resolution: tuple[Annotated[str, _words("resolution")], ...] = ()
    """Only sessions with one of these resolutions."""
    intent: Values = ()
    """Only sessions with one of these intents."""
    trigger: Values = ()
    """Only sessions that one of these triggers started."""
    tag: Values = ()
    """Only sessions that have at least one of these tags."""
    tool: Values = ()
    """Only sessions in which one of these tools was called, or answered with its name: the first
    64 of a session, with names of at most 128 characters."""
    assignee: Values = ()
    """Only sessions that one of these people looks after."""
    score: Values = ()
    """Only sessions that have a score of one of these names, or a message that has."""
    none: tuple[Annotated[str, _words("none")], ...] = ()
    """Only sessions that lack each of these. With values of the filter of that name, such as
    `none=agent` and `agent=support`, those that have one of them pass as well."""
    title: Annotated[str, Meta(max_length=256)] | None = None
    """Only sessions whose title contains this text, in any case."""
    note: Annotated[str, Meta(max_length=256)] | None = None
    """Only sessions whose notes have all these words, in any case: each the beginning of one."""
    metadata: Values = ()
    """Only sessions whose metadata has this value under this key, as `KEY=VALUE`. Several values
    of one key are alternatives. Texts of at most 256 characters, numbers, true and false at the top
    of the metadata are found."""
    ended: bool | None = None
    """Only sessions that have ended, or with false only the others."""
    unread: bool | None = None
    """Only sessions with messages that nobody has read, or with false only the others."""
    has_messages: bool | None = None
    """Only sessions that have messages, or with false only empty ones."""
    assigned: bool | None = None
    """Only sessions that somebody looks after, or with false only the others."""
    noted: bool | None = None
    """Only sessions with notes, or with false only the others."""
    scored: bool | None = None
    """Only sessions with scores, or with false only the others."""
    failed_calls: bool | None = None
    """Only sessions with failed calls of tools, or with false only the others."""
    failed_calls_from: Count | None = None
    """Only sessions with at least N failed calls."""
    failed_calls_until: Count | None = None
    """Only sessions with at most N failed calls."""
    messages_from: Count | None = None
    """Only sessions with at least N messages."""
    messages_until: Count | None = None
    """Only sessions with at most N messages."""
    tokens_from: Count | None = None
    """Only sessions that spent at least N model tokens, input and output together."""
    tokens_until: Count | None = None
    """Only sessions that spent at most N model tokens."""
    cost_from: Amount | None = None
    """Only sessions that cost at least N US dollars."""
    cost_until: Amount | None = None
    """Only sessions that cost at most N US dollars."""
    duration_from: Amount | None = None
    """Only sessions with at least N seconds between their first and last message."""
    duration_until: Amount | None = None
    """Only sessions with at most N seconds between their first and last message."""
    created_from: Moment | None = None
    """Only sessions that began at this time or later."""
    created_until: Moment | None = None
    """Only sessions that began at this time or earlier."""
    updated_from: Moment | None = None
    """Only sessions that last changed at this time or later."""
    updated_until: Moment | None = None
    """Only sessions that last changed at this time or earlier."""
    active_from: Moment | None = None
    """Only sessions whose last message came at this time or later."""
    active_until: Moment | None = None
    """Only sessions whose last message came at this time or earlier."""


class SharedFilters(_Filters, frozen=True, kw_only=True, cache_hash=True):
    """The filters that every caller may use. A session passes all of them.

    The values of one filter are alternatives. Times are inclusive.
    """

    described_by: ClassVar[type[Struct]] = _Filters
    example: ClassVar[dict[str, Any]] = _Filters.example | {"archived": "any"}

    archived: Archived | None = None
    """`true` is only archived sessions, `false` only the others, `any` both. Lists and bulk
    actions leave archived sessions out unless asked; searches and exports have both."""


class SessionFilter(_Filters, frozen=True, kw_only=True, cache_hash=True):
    """Which sessions the store lists.

    ``archived`` None is both. ``branch`` has the wanted values of ``Session.branch``. Of each group
    of ``either`` a session passes one at least, of ``without`` none.
    """

    archived: bool | None = None
    either: tuple[tuple[SessionFilter, ...], ...] = ()
    without: tuple[SessionFilter, ...] = ()
    branch: tuple[int, ...] = ()


class SessionQuery(Struct, frozen=True, kw_only=True):
    """A page of a list of sessions; ``cursor`` or ``offset`` says where it begins."""

    filter: SessionFilter = SessionFilter()
    sort: Sort = "-updated_at"
    limit: int = 50
    offset: int = 0
    cursor: str | None = None
    with_total: bool = False


FilterType = Literal["values", "text", "flag", "choice", "moment", "number", "amount"]


class FilterField(Struct, frozen=True):
    """One filter: its ``field``, its ``name`` for callers, and what its value is.

    ``choices`` are the values it may have; empty where any text will do.
    """

    field: str
    name: str
    type: FilterType
    choices: tuple[str, ...] = ()


def _type_of(annotation: Any) -> FilterType:  # noqa: ANN401 - any annotation
    if get_origin(annotation) is tuple:
        return "values"
    kinds = get_args(annotation)
    if annotation == Archived | None:
        return "choice"
    if annotation in (Count | None, Amount | None):
        return "number" if annotation == Count | None else "amount"
    return "flag" if bool in kinds else "moment" if Moment in kinds else "text"


_CHOICES = CHOICES | {"archived": get_args(Archived)}
FILTERS: tuple[FilterField, ...] = tuple(
    FilterField(field.name, field.encode_name, _type_of(field.type), _CHOICES.get(field.name, ()))
    for field in fields(SharedFilters)
)
"""Every shared filter, in the order of its declaration."""


def names_of(*types: str) -> tuple[str, ...]:
    """The callers' names of the filters of these types."""
    return tuple(each.name for each in FILTERS if each.type in types)


def pairs_of(filters: SharedFilters | SessionFilter) -> list[tuple[str, str]]:
    """The filters that are set, as pairs of a query string."""
    return [
        (each.name, text) for each in FILTERS for text in _texts(each, getattr(filters, each.field))
    ]


def _texts(each: FilterField, value: Any) -> Sequence[str]:  # noqa: ANN401 - a filter's value
    """What stands in an address for the value of a filter."""
    if value is None:
        return ()
    if each.type == "values":
        return tuple(value)
    if each.type == "moment":
        return (rfc3339(value),)
    if each.type == "amount":
        return (str(value).removesuffix(".0"),)
    return (value if each.type == "text" else str(value).lower(),)


def branches(*, sub_sessions: bool, task_sessions: bool) -> tuple[int, ...]:
    """The values of ``Session.branch`` without sub-sessions or task sessions; ``()`` for all."""
    skipped = (0 if sub_sessions else SUB_SESSION) | (0 if task_sessions else TASK_SESSION)
    return tuple(bits for bits in range(4) if not bits & skipped) if skipped else ()


def archived_of(value: Archived | None, default: Archived) -> bool | None:
    """What ``SessionFilter.archived`` has for a caller's value."""
    return {"true": True, "false": False, "any": None}[value or default]


def shared_values(filters: SharedFilters, archived: Archived = "any") -> dict[str, Any]:
    """The values of the shared filters by field, as ``SessionFilter`` takes them.

    ``archived`` is what holds where the caller says nothing of the archive.
    """
    values = {each.field: getattr(filters, each.field) for each in FILTERS}
    return values | {"archived": archived_of(filters.archived, archived)}
