"""What the native API takes and shows of a session."""

from __future__ import annotations

from operator import attrgetter
from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from hansard.http.fields import Time
from hansard.http.route import Reply
from hansard.model import Session
from hansard.model.session import Kind, Resolution
from hansard.model.times import Moment, rfc3339, rfc3339_or_none
from hansard.model.usage import SUMS, Inherited
from hansard.native.document_bodies import DocumentOut
from hansard.native.schemas import (
    HasMore,
    Json,
    KindOut,
    Metadata,
    Names,
    NextCursor,
    ResolutionOut,
    RoleOut,
    StateOut,
    Tags,
    Total,
    Trail,
)
from hansard.native.usage_bodies import UsageOut, spent_out
from hansard.service.render_cache import Projection


class InheritedOut(UsageOut, frozen=True, kw_only=True):
    """The messages that a fork copied, and what they spent in the original."""

    example: ClassVar[Json] = {"messages": 4, **UsageOut.example}

    messages: int
    """How many messages were copied, without those that were deleted since."""


class SessionOut(Struct, frozen=True, kw_only=True):
    """One conversation with an agent. Null stands for what was not set or does not apply."""

    described_by: ClassVar[type[Struct]] = Session
    example: ClassVar[Json] = {
        "id": "order-17",
        "uid": "ses_0190163d-8694-739b-aea5-966c26f8ad91",
        "kind": "session",
        "title": "A late parcel",
        "title_by": "user",
        "state": "completed",
        "resolution": "resolved",
        "channel": "web",
        "app": "shop",
        "agent": "support",
        "model": "gpt-5",
        "user": "ada",
        "workflow_id": "wf-refunds",
        "workflow_name": "Refunds",
        "trigger": "schedule",
        "parent": "ses_01901632-1f5c-7e3d-9a10-0b6f1f0c2d11",
        "forked_seq": 4,
        "intent": "delivery",
        "sub_intent": "late",
        "assignee": "grace",
        "trail": [{"intent": "delivery", "at": "2026-01-31T09:30:00Z"}],
        "preview": "Where is my order?",
        "last_preview": "It arrives tomorrow.",
        "last_role": "assistant",
        "message_count": 4,
        "failed_calls": 1,
        "tool_names": ["find_order", "issue_refund"],
        "last_seq": 4,
        "input_tokens": 250,
        "output_tokens": 21,
        "cache_read_tokens": 180,
        "cache_write_tokens": 20,
        "reasoning_tokens": 4,
        "cost_usd": 0.0004,
        "inherited": InheritedOut.example,
        "run_id": "turn-1",
        "run_error": "The tool find_order timed out.",
        "unread": False,
        "created_at": "2026-01-31T09:30:00Z",
        "updated_at": "2026-01-31T09:31:12Z",
        "first_message_at": "2026-01-31T09:30:00Z",
        "last_message_at": "2026-01-31T09:30:41Z",
        "resolved_at": "2026-01-31T09:31:12Z",
        "ended_at": "2026-01-31T09:31:12Z",
        "archived_at": "2026-02-28T00:00:00Z",
        "created_by": "7fK2mQ9x",
        "tags": ["vip"],
        "external_ids": {"zendesk": "48213"},
        "metadata": {"plan": "pro"},
        "version": 9,
    }

    id: str
    """The caller's own id where it gave one, else the `uid`. The `uid` works wherever it does."""
    uid: str
    """`ses_` and a UUID. Set by the server."""
    kind: KindOut
    title: str | None
    title_by: str | None
    state: StateOut | None
    resolution: ResolutionOut
    channel: str | None
    app: str | None
    agent: str | None
    model: str | None
    user: str | None
    """The end user, by the application's id. Set by the caller, or by a key limited to one."""
    workflow_id: str | None
    workflow_name: str | None
    trigger: str | None
    parent: str | None
    """The session that it branched from, by any of its ids; shown by its `uid`."""
    forked_seq: int | None
    intent: str | None
    sub_intent: str | None
    assignee: str | None
    trail: Trail
    preview: str | None
    last_preview: str | None
    last_role: RoleOut | None
    message_count: int
    failed_calls: int
    tool_names: list[str]
    """The tools that its messages call, or that answered with their name, in the order in which
    they came: at most 64, with names of at most 128 characters. Kept by the server."""
    last_seq: int
    input_tokens: int
    """Model tokens that it read, cached ones included: what its messages report, or its runs
    where that is more. Without what a fork inherited. Summed by the server."""
    output_tokens: int
    """Model tokens that it wrote, reasoning included; summed in the same way."""
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost_usd: float
    """Its price, in US dollars; summed in the same way."""
    inherited: InheritedOut | None
    """What a fork copied from its original, and is not counted again; null for no fork."""
    run_id: str | None
    run_error: str | None
    unread: bool
    """Whether it has messages that nobody has read on the page. Set by the server."""
    created_at: Time
    updated_at: Time
    first_message_at: Time | None
    last_message_at: Time | None
    resolved_at: Time | None
    ended_at: Time | None
    archived_at: Time | None
    created_by: str | None
    tags: Tags
    external_ids: Names
    metadata: Metadata
    version: int
    documents: dict[str, DocumentOut] | UnsetType = UNSET
    """Its document of the key that `with_documents` names, if it has one; in lists alone."""


class SessionStart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A session to create where the one of the path is not there."""

    described_by: ClassVar[type[Struct]] = SessionOut
    example: ClassVar[Json] = {"channel": "web", "user": "ada", "agent": "support"}

    title: str | None = None
    kind: Kind = "session"
    channel: str | None = None
    app: str | None = None
    agent: str | None = None
    model: str | None = None
    user: str | None = None
    workflow_id: str | None = None
    workflow_name: str | None = None
    trigger: str | None = None
    parent: str | None = None
    resolution: Resolution = "open"
    intent: str | None = None
    sub_intent: str | None = None
    assignee: str | None = None
    created_at: Moment | None = None
    """When it began; at most a day ahead. The time of the request by default."""
    tags: list[str] | None = None
    trail: list[Any] | None = None
    external_ids: dict[str, str] | None = None
    metadata: dict[str, Any] | None = None


class SessionIn(SessionStart, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A session to create, or to get where the ``id`` is there already."""

    described_by: ClassVar[type[Struct]] = SessionStart
    example: ClassVar[Json] = {
        "id": "order-17",
        "channel": "web",
        "user": "ada",
        "agent": "support",
        "metadata": {"plan": "pro"},
    }

    id: str | None = None
    """The caller's own id: 1–256 characters without a slash. Without it the server makes one."""
    if_exists: Literal["get", "refuse"] = "get"
    """What to do when there is a session of this `id` already: `get` answers with it, unless
    another user has it; `refuse` answers 409."""


class SessionChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A JSON Merge Patch: what is absent stays, null clears."""

    described_by: ClassVar[type[Struct]] = SessionOut
    example: ClassVar[Json] = {
        "title": "A late parcel",
        "resolution": "resolved",
        "metadata": {"plan": None, "vip": True},
    }

    title: str | UnsetType | None = UNSET
    kind: Kind | UnsetType = UNSET
    channel: str | UnsetType | None = UNSET
    app: str | UnsetType | None = UNSET
    agent: str | UnsetType | None = UNSET
    model: str | UnsetType | None = UNSET
    user: str | UnsetType | None = UNSET
    workflow_id: str | UnsetType | None = UNSET
    workflow_name: str | UnsetType | None = UNSET
    trigger: str | UnsetType | None = UNSET
    parent: Annotated[UnsetType | None, Meta(examples=[None])] = UNSET
    """Only null, which takes the session from its parent: it is no sub-session any more."""
    resolution: Resolution | UnsetType = UNSET
    intent: str | UnsetType | None = UNSET
    sub_intent: str | UnsetType | None = UNSET
    assignee: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType | None = UNSET
    """All its tags, in place of those before: at most 64 of 1–128 characters."""
    trail: list[Any] | UnsetType | None = UNSET
    """The whole trail, in place of the one before; at most 256 KiB."""
    external_ids: dict[str, str | None] | UnsetType | None = UNSET
    """Merged into those that are there, null removes one; at most 16 KiB in all."""
    metadata: dict[str, Any] | UnsetType | None = UNSET
    """Merged into what is there, null removes a key; at most 64 KiB in all."""


class EndIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the session ends."""

    example: ClassVar[Json] = {"resolution": "resolved"}

    resolution: Resolution | None = None
    """Whether the matter was settled. Without it the session's resolution stays."""


class SessionList(Struct, frozen=True, kw_only=True):
    """A page of sessions."""

    data: list[SessionOut]
    """The sessions of the page, in the order of `sort`."""
    has_more: HasMore
    next_cursor: NextCursor
    total: Total | UnsetType = UNSET


class DeleteParams(Struct, frozen=True, kw_only=True):
    """What goes with a session, and whether to only say it."""

    example: ClassVar[Json] = {"sub_sessions": "delete", "dry_run": True}

    sub_sessions: Literal["keep", "delete"] = "keep"
    """What becomes of its sub-sessions: `keep` leaves them, without a parent; `delete` deletes them
    and all below them. A fork has its own copy of the messages and always stays."""
    dry_run: bool = False
    """True deletes nothing, and answers with what would go."""


class SessionDeleted(Struct, frozen=True, kw_only=True):
    """What a deletion removed, for ever, or would remove."""

    example: ClassVar[Json] = {
        "id": "order-17",
        "deleted": True,
        "sessions": 2,
        "messages": 11,
        "runs": 3,
        "detached": 1,
    }

    id: str
    """The session, as the request named it."""
    deleted: bool
    """False for a dry run."""
    sessions: int
    """How many sessions go: this one, and with `sub_sessions=delete` the sub-sessions below it."""
    messages: int
    """How many messages go with them."""
    runs: int
    """How many runs go with them."""
    detached: int
    """How many sub-sessions and forks stay, without a parent."""


_SAME = tuple(
    field
    for field in SessionOut.__struct_fields__
    if field in Session.__struct_fields__
    and field not in {"id", "inherited", *SUMS}
    and not field.endswith("_at")
)
_same = attrgetter(*_SAME)


def session_out(session: Session) -> SessionOut:
    return SessionOut(
        **dict(zip(_SAME, _same(session), strict=True)),
        id=session.name,
        uid=f"ses_{session.id}",
        user=session.user_id,
        tool_names=session.tool_names,
        parent=session.parent_id and f"ses_{session.parent_id}",
        **spent_out(session.spent),
        inherited=_inherited_out(session.copied),
        unread=session.is_unread,
        created_at=rfc3339(session.created_at),
        updated_at=rfc3339(session.updated_at),
        first_message_at=rfc3339_or_none(session.first_message_at),
        last_message_at=rfc3339_or_none(session.last_message_at),
        resolved_at=rfc3339_or_none(session.resolved_at),
        ended_at=rfc3339_or_none(session.ended_at),
        archived_at=rfc3339_or_none(session.archived_at),
    )


def _inherited_out(copied: Inherited) -> InheritedOut | None:
    if not copied.seq:
        return None
    return InheritedOut(messages=copied.messages, **spent_out(copied))


def session_reply(session: Session) -> Reply:
    """The session with its ETag."""
    return Reply(body=session_out(session), etag=f'"{session.tag}"')


SESSION = Projection("native.session", session_out)
