from __future__ import annotations

from hashlib import blake2b
from typing import Any, Literal, get_args

from msgspec import UNSET, Raw, Struct, UnsetType

Kind = Literal["session", "workflow", "task", "video_session", "desktop_session", "mobile_session"]
Resolution = Literal["open", "resolved", "unresolved"]
Sort = Literal[
    "updated_at",
    "-updated_at",
    "created_at",
    "-created_at",
    "active_at",
    "-active_at",
    "title",
    "-title",
]
KINDS: tuple[str, ...] = get_args(Kind)
RESOLUTIONS: tuple[str, ...] = get_args(Resolution)
SORTS: tuple[str, ...] = get_args(Sort)
TASK_KINDS = ("workflow", "task")

SUB_SESSION, TASK_SESSION = 1, 2
"""Bits of ``branch``: branched from a parent; the run of a workflow or task."""


class Session(Struct, frozen=True):
    """One conversation with an agent, as its summary row holds it: no list ever reads messages.

    ``id`` is a bare UUID, ``own_id`` the name the caller gave.  ``state`` is that of the latest
    run.  ``title_by`` says who gave the title: ``auto`` (first user message), ``agent``, ``import``
    or ``user``, whose word is final.  ``active_at`` is the last message's time, else the start.
    ``version`` grows with every change.  The fields from ``tags`` on are JSON.
    """

    workspace_id: str
    id: str
    own_id: str | None
    version: int
    kind: str
    channel: str | None
    app: str | None
    agent: str | None
    model: str | None
    user_id: str | None
    workflow_id: str | None
    workflow_name: str | None
    trigger: str | None
    parent_id: str | None
    forked_seq: int | None
    created_by: str | None
    title: str | None
    title_by: str | None
    preview: str | None
    last_preview: str | None
    last_role: str | None
    state: str | None
    run_id: str | None
    run_error: str | None
    resolution: str
    resolved_at: int | None
    intent: str | None
    sub_intent: str | None
    message_count: int
    last_seq: int
    input_tokens: int
    output_tokens: int
    cost_nanos: int
    created_at: int
    updated_at: int
    active_at: int
    first_message_at: int | None
    last_message_at: int | None
    ended_at: int | None
    archived_at: int | None
    read_at: int | None
    tags: Raw
    trail: Raw
    external_ids: Raw
    metadata: Raw

    @property
    def name(self) -> str:
        return name_of(self.id, self.own_id)

    @property
    def tag(self) -> str:
        return tag_of(self.id, self.version, self.created_at)

    @property
    def branch(self) -> int:
        return branch_of(self.parent_id, self.kind)

    @property
    def is_unread(self) -> bool:
        return self.last_message_at is not None and (
            self.read_at is None or self.read_at < self.last_message_at
        )


def name_of(ident: str, own_id: str | None) -> str:
    """What the native API calls a session: the caller's own id, else ours."""
    return own_id or f"ses_{ident}"


def tag_of(ident: str, version: int, created_at: int) -> str:
    """A session's version, and which of the sessions it is that had this name one after the other."""
    return f"v{version}-{blake2b(f'{ident} {created_at}'.encode(), digest_size=4).hexdigest()}"


def branch_of(parent_id: str | None, kind: str) -> int:
    return (SUB_SESSION if parent_id else 0) | (TASK_SESSION if kind in TASK_KINDS else 0)


class SessionDraft(Struct, frozen=True, kw_only=True):
    """What a caller may say of a session when it begins."""

    id: str | None = None
    title: str | None = None
    title_by: str | None = None
    kind: Kind = "session"
    channel: str | None = None
    app: str | None = None
    agent: str | None = None
    model: str | None = None
    user_id: str | None = None
    workflow_id: str | None = None
    workflow_name: str | None = None
    trigger: str | None = None
    parent: str | None = None
    resolution: Resolution = "open"
    intent: str | None = None
    sub_intent: str | None = None
    created_at: int | None = None
    tags: list[str] = []
    trail: list[Any] = []
    external_ids: dict[str, str] = {}
    metadata: dict[str, Any] = {}


class SessionPatch(Struct, frozen=True, kw_only=True):
    """A change; what is UNSET stays. ``metadata`` and ``external_ids`` are JSON Merge Patches."""

    title: str | UnsetType | None = UNSET
    title_by: str | UnsetType | None = UNSET
    kind: Kind | UnsetType = UNSET
    channel: str | UnsetType | None = UNSET
    app: str | UnsetType | None = UNSET
    agent: str | UnsetType | None = UNSET
    model: str | UnsetType | None = UNSET
    user_id: str | UnsetType | None = UNSET
    workflow_id: str | UnsetType | None = UNSET
    workflow_name: str | UnsetType | None = UNSET
    trigger: str | UnsetType | None = UNSET
    resolution: Resolution | UnsetType = UNSET
    intent: str | UnsetType | None = UNSET
    sub_intent: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType = UNSET
    trail: list[Any] | UnsetType = UNSET
    external_ids: dict[str, str | None] | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET
    ended_at: int | UnsetType | None = UNSET
    archived_at: int | UnsetType | None = UNSET
    read_at: int | UnsetType | None = UNSET


class SessionFilter(Struct, frozen=True, kw_only=True, cache_hash=True):
    """Which sessions: values within a field are alternatives, fields add up.

    Times are inclusive microseconds.  ``branch`` lists the wanted values of ``Session.branch``.
    ``query`` is a case-insensitive substring of the title.
    """

    state: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    app: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    user_id: tuple[str, ...] = ()
    workflow_id: tuple[str, ...] = ()
    parent_id: tuple[str, ...] = ()
    resolution: tuple[str, ...] = ()
    intent: tuple[str, ...] = ()
    trigger: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    branch: tuple[int, ...] = ()
    query: str | None = None
    archived: bool | None = None
    ended: bool | None = None
    unread: bool | None = None
    has_messages: bool | None = None
    created_from: int | None = None
    created_until: int | None = None
    updated_from: int | None = None
    updated_until: int | None = None
    active_from: int | None = None
    active_until: int | None = None


class SessionQuery(Struct, frozen=True, kw_only=True):
    """A page of a list: where (cursor or offset), how many, in which order, with the total or not."""

    filter: SessionFilter = SessionFilter()
    sort: Sort = "-updated_at"
    limit: int = 50
    offset: int = 0
    cursor: str | None = None
    with_total: bool = False
