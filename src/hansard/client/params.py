"""The parameters of every call, by name.

A filter takes one string or several. A time without a zone is local time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

Texts = str | Sequence[str]
Scalar = str | int | float | bool
When = datetime | str
Role = Literal["system", "user", "assistant", "tool"]
Kind = Literal[
    "session", "workflow", "task", "branch", "video_session", "desktop_session", "mobile_session"
]
Resolution = Literal["open", "resolved", "unresolved"]
OpenState = Literal["queued", "running", "waiting"]
FinalState = Literal["completed", "partial", "failed", "cancelled", "interrupted"]
Sort = Literal[
    "active_at",
    "-active_at",
    "updated_at",
    "-updated_at",
    "created_at",
    "-created_at",
    "title",
    "-title",
]
ContextFormat = Literal["native", "openai", "anthropic", "gemini"]
SearchSort = Literal["recency", "relevance"]


class UsageFields(TypedDict, total=False):
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_usd: float


class ItemFields(TypedDict):
    """The foreign original of a message: ``data`` is any JSON, ``base64`` any bytes."""

    format: str
    data: NotRequired[Any]
    base64: NotRequired[bytes]


Scope = Literal["session", "user", "app", "workspace"]


class DocumentDrop(TypedDict):
    """A document of a session, a user (of an app), an app, or the workspace."""

    scope: Scope
    key: str
    session: NotRequired[str | None]
    user: NotRequired[str | None]
    app: NotRequired[str | None]
    if_revision: NotRequired[int | None]


class DocumentSet(DocumentDrop):
    """A document to set: either ``value``, any JSON, or ``base64``, any bytes."""

    value: NotRequired[Any]
    base64: NotRequired[bytes]
    type: NotRequired[str | None]
    merge: NotRequired[bool]
    expires_at: NotRequired[When | None]


class CheckpointBlob(TypedDict):
    """The value of a channel in one of its versions."""

    channel: str
    version: str
    type: str
    data: bytes | None


class CheckpointWrite(TypedDict):
    """What a task wrote into a channel."""

    idx: int
    channel: str
    type: str
    data: bytes


class SessionFields(TypedDict, total=False):
    title: str | None
    kind: Kind
    channel: str | None
    app: str | None
    agent: str | None
    model: str | None
    user: str | None
    workflow_id: str | None
    workflow_name: str | None
    trigger: str | None
    parent: str | None
    resolution: Resolution
    intent: str | None
    sub_intent: str | None
    assignee: str | None
    tags: Sequence[str] | None
    trail: Sequence[Any] | None
    external_ids: Mapping[str, str | None] | None
    metadata: Mapping[str, Any] | None


class SessionStart(SessionFields, total=False):
    """A session to start with the first append to it."""

    parent: str | None
    created_at: When


class NewSession(SessionStart, total=False):
    """``if_exists="refuse"`` raises Conflict ``session_exists`` where the id is there already."""

    if_exists: Literal["get", "refuse"]


class SessionFilter(TypedDict, total=False):
    state: Texts
    channel: Texts
    kind: Texts
    app: Texts
    agent: Texts
    model: Texts
    user: Texts
    workflow: Texts
    parent: Texts
    resolution: Texts
    intent: Texts
    trigger: Texts
    tag: Texts
    tool: Texts
    assignee: Texts
    score: Texts
    none: Texts
    title: str
    note: str
    metadata: Mapping[str, Scalar | Sequence[Scalar]]
    archived: bool | Literal["any"]
    ended: bool
    unread: bool
    has_messages: bool
    assigned: bool
    noted: bool
    scored: bool
    failed_calls: bool
    failed_calls_from: int
    failed_calls_until: int
    messages_from: int
    messages_until: int
    tokens_from: int
    tokens_until: int
    cost_from: float
    cost_until: float
    duration_from: float
    duration_until: float
    sub_sessions: bool
    task_sessions: bool
    created_from: When
    created_until: When
    updated_from: When
    updated_until: When
    active_from: When
    active_until: When


class NewMessage(TypedDict):
    """Either ``text`` or ``parts``."""

    role: Role | str
    text: NotRequired[str]
    parts: NotRequired[Sequence[Mapping[str, Any]]]
    client_id: NotRequired[str]
    created_at: NotRequired[When]
    run_id: NotRequired[str]
    sender: NotRequired[Literal["operator"]]
    sender_id: NotRequired[str]
    model: NotRequired[str]
    usage: NotRequired[UsageFields]
    metadata: NotRequired[Mapping[str, Any]]
    item: NotRequired[ItemFields]


class NewRun(TypedDict, total=False):
    """A run to start.

    An ``exclusive`` run is refused while another run of the session is open. With ``lease_seconds``
    None its lease never lapses.
    """

    id: str
    state: OpenState
    agent: str
    model: str
    workflow_id: str
    lease_seconds: float | None
    started_at: When
    exclusive: bool
    metadata: Mapping[str, Any]


def known(params: Mapping[str, object], kind: Any) -> Mapping[str, object]:  # noqa: ANN401 - a TypedDict has no type of its own
    """The parameters as they are; raises TypeError for a name that ``kind`` does not have."""
    names = kind.__required_keys__ | kind.__optional_keys__
    for name in params:
        if name not in names:
            message = f"unknown parameter {name!r}: choose from {', '.join(sorted(names))}"
            raise TypeError(message)
    return params


def filter_query(where: Mapping[str, object]) -> dict[str, object]:
    """The query parameters of a filter; raises TypeError for one that there is not.

    >>> filter_query({"metadata": {"plan": "pro"}})
    {'metadata.plan': 'pro'}
    """
    query = dict(known(where, SessionFilter))
    metadata = query.pop("metadata", None)
    pairs = metadata.items() if isinstance(metadata, Mapping) else ()
    return query | {f"metadata.{name}": value for name, value in pairs}
