from __future__ import annotations

from hashlib import blake2b
from typing import Any, Literal, get_args

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from hansard.model.tool_calls import Tally
from hansard.model.units import Microseconds, NanoDollars
from hansard.model.usage import Inherited, RunsSpent, Spent, greater, spent_of

Kind = Literal[
    "session", "workflow", "task", "branch", "video_session", "desktop_session", "mobile_session"
]
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

TIME_UNKNOWN = "time_unknown"
"""The metadata of an imported session whose file holds no time."""
METADATA = 64 * 1024
"""The most bytes of metadata of a session; every list carries them."""
SUB_SESSION, TASK_SESSION = 1, 2
"""Bits of ``branch``: branched from a parent; the run of a workflow or task."""


_EMPTY = Raw(b"{}")
_NOTHING, _NO_RUNS = Inherited(), RunsSpent()
_inherited, _runs_spent = msgspec.json.Decoder(Inherited), msgspec.json.Decoder(RunsSpent)
_tools = msgspec.json.Decoder(dict[str, int])


class Session(Struct, frozen=True):
    """One conversation with an agent: a summary row, so that no list ever reads messages.

    Times are in UTC. Null stands for what was not set or does not apply.
    """

    workspace_id: str
    """The tenant that owns it, from the key that created it."""
    id: str
    """A bare UUID: version 7, or the one that the caller gave."""
    own_id: str | None
    """The caller's own id, if it gave one: 1–256 characters, unique in the workspace."""
    version: int
    """Grows with every change. Set by the server."""
    kind: str
    """What sort of session it is. Set by the caller; `session` by default."""
    channel: str | None
    """Where it came from, in lower case. Set by the caller; at most 256 characters."""
    app: str | None
    """The application that owns it. Set by the caller, or by a key that is limited to one."""
    agent: str | None
    """The agent that answers. Set by the caller; at most 256 characters."""
    model: str | None
    """The language model in use. Set by the caller; at most 256 characters."""
    user_id: str | None
    """The end user, by the application's id. Set by the caller, or by a key limited to one."""
    workflow_id: str | None
    """The workflow that it belongs to. Set by the caller; at most 256 characters."""
    workflow_name: str | None
    """The name of that workflow. Set by the caller; at most 256 characters."""
    trigger: str | None
    """What started it, such as a schedule. Set by the caller; at most 256 characters."""
    parent_id: str | None
    """The session that it branched from. Set by the caller when it starts, or by a fork."""
    forked_seq: int | None
    """For a fork, the `seq` of the last message copied from the parent. Set by the server."""
    created_by: str | None
    """The id of the key that created it. Set by the server."""
    title: str | None
    """Shown in lists; at most 500 characters. Set by the caller, an importer or a titling
    model; until then the start of the first user message."""
    title_by: str | None
    """Who set the title: `auto` (the first user message), `agent` (a titling model),
    `import` or `user`. A title set by `user` is replaced by `user` alone."""
    preview: str | None
    """The start of the first user message; at most 200 characters. Set by the server."""
    last_preview: str | None
    """The start of the last user or assistant message that has text; at most 200
    characters. Set by the server."""
    last_role: str | None
    """The role of the last message. Set by the server."""
    state: str | None
    """The state of the latest run. A session that ended without one is `completed`."""
    run_id: str | None
    """The latest run. Set by the server."""
    run_error: str | None
    """Why the latest run failed; at most 8,000 characters. Set by the caller."""
    resolution: str
    """Whether the matter was settled. Set by the caller; `open` by default."""
    resolved_at: Microseconds | None
    """When it was resolved; null while it is not. Set by the server."""
    intent: str | None
    """What the session was judged to be about. Set by the caller; at most 256 characters."""
    sub_intent: str | None
    """A finer judgement within the intent. Set by the caller; at most 256 characters."""
    assignee: str | None
    """Who looks after it, by a name. Set by the caller; at most 256 characters."""
    message_count: int
    """How many messages it has, without deleted ones. Set by the server."""
    failed_calls: int
    """How many answers of tools in its messages say that the call failed. Counted by the server."""
    last_seq: int
    """The `seq` of the last message, deleted or not; 0 before the first. Set by the server."""
    input_tokens: int
    """Model tokens that its own messages read. Summed by the server."""
    output_tokens: int
    """Model tokens that its own messages wrote. Summed by the server."""
    cache_read_tokens: int
    """Those of the input that a cache held. Summed by the server."""
    cache_write_tokens: int
    """Those of the input that a cache took in. Summed by the server."""
    reasoning_tokens: int
    """Those of the output that were reasoning. Summed by the server."""
    cost_nanos: NanoDollars
    """The price of its own messages. Summed by the server."""
    created_at: Microseconds
    """When it began: the time that the caller gave, else the time of the request."""
    updated_at: Microseconds
    """When it last changed in any way. Set by the server."""
    active_at: Microseconds
    """When its last message was created, else when it began. Set by the server."""
    used_at: Microseconds
    """When it was last used: the latest of `active_at`, the arrival of its last message and the
    last change of a run. Retention counts from it. Set by the server, in microseconds."""
    first_message_at: Microseconds | None
    """When its first message was created. Set by the server."""
    last_message_at: Microseconds | None
    """When its last message was created. Set by the server."""
    ended_at: Microseconds | None
    """When it was marked as over; null while it goes on. Set by the server."""
    archived_at: Microseconds | None
    """When it was put into the archive; null outside of it. Set by the server."""
    read_at: Microseconds | None
    """Up to when a person has read it; null if nobody has. Set by the page and by Athena."""
    tags: Raw
    """At most 64 labels of 1–128 characters, each once. Set by the caller."""
    trail: Raw
    """The ordered record of intents and hand-offs: a list of any JSON, at most 256 KiB. Set by
    the caller."""
    external_ids: Raw
    """Its ids in other systems, by the name of the system; at most 16 KiB. Set by the caller."""
    metadata: Raw
    """The application's own JSON object; at most 64 KiB. Set by the caller."""
    inherited: Raw
    """What a fork copied from its original, an ``Inherited``. Set by the server."""
    runs_spent: Raw
    """What its runs report, a ``RunsSpent``. Summed by the server."""
    tools: Raw
    """How many of its messages name each tool. Counted by the server."""

    @property
    def copied(self) -> Inherited:
        """What it copied from its original, as a fork."""
        return _NOTHING if self.inherited == _EMPTY else _inherited.decode(self.inherited)

    @property
    def by_runs(self) -> RunsSpent:
        """What its runs report."""
        return _NO_RUNS if self.runs_spent == _EMPTY else _runs_spent.decode(self.runs_spent)

    @property
    def spent(self) -> Spent:
        """What it spent: the greater of what its messages and its runs report, field by field."""
        runs = self.by_runs
        if runs is _NO_RUNS:
            return spent_of(self)
        return greater(self, runs)

    @property
    def calls(self) -> Tally:
        """The failed calls and the tools of its messages."""
        return Tally(self.failed_calls, {} if self.tools == _EMPTY else _tools.decode(self.tools))

    @property
    def tool_names(self) -> list[str]:
        """The tools that its messages name, in the order in which they came."""
        return list(self.calls.tools)

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
    def is_timeless(self) -> bool:
        """Whether its times were made up by an import: statistics leave it out."""
        raw = memoryview(self.metadata).tobytes()
        if TIME_UNKNOWN.encode() not in raw:
            return False
        metadata = msgspec.json.decode(raw)
        return isinstance(metadata, dict) and metadata.get(TIME_UNKNOWN) is True

    @property
    def is_unread(self) -> bool:
        return self.last_message_at is not None and (
            self.read_at is None or self.read_at < self.last_message_at
        )


def name_of(ident: str, own_id: str | None) -> str:
    """What the native API calls a session: the caller's own id, else ours."""
    return own_id or f"ses_{ident}"


def tag_of(ident: str, version: int, created_at: int) -> str:
    """The version of a session, and a digest that tells sessions apart that had the same name."""
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
    assignee: str | None = None
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
    parent: UnsetType | None = UNSET
    resolution: Resolution | UnsetType = UNSET
    intent: str | UnsetType | None = UNSET
    sub_intent: str | UnsetType | None = UNSET
    assignee: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType = UNSET
    trail: list[Any] | UnsetType = UNSET
    external_ids: dict[str, str | None] | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET
    ended_at: int | UnsetType | None = UNSET
    archived_at: int | UnsetType | None = UNSET
    read_at: int | UnsetType | None = UNSET
