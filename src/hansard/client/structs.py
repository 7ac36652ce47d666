"""The answers of the server.

Fields that this version does not know are kept in ``extra``. Fields that an answer lacks have their
default.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Generic, Literal, Self, TypeVar

from msgspec import Struct, convert

T = TypeVar("T")


class Record(Struct, frozen=True, kw_only=True, repr_omit_defaults=True):
    extra: dict[str, Any] = {}

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        """Raises msgspec.ValidationError where a known field has another type than it should."""
        if isinstance(usage := document.get("usage"), dict):
            document = {**document, "usage": Usage.of(usage)}
        if isinstance(inherited := document.get("inherited"), dict):
            document = {**document, "inherited": Inherited.of(inherited)}
        if isinstance(item := document.get("item"), dict):
            document = {**document, "item": Item.of(item)}
        if isinstance(documents := document.get("documents"), dict):
            read = {key: Document.of(each) for key, each in documents.items()}
            document = {**document, "documents": read}
        unknown = {
            name: value
            for name, value in document.items()
            if name not in cls.__struct_fields__ or name == "extra"
        }
        return convert({**document, "extra": unknown}, cls)


class Usage(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """Model tokens and their price; the input includes cached ones, the output reasoning."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: float = 0.0


class Inherited(Usage, frozen=True, kw_only=True, repr_omit_defaults=True):
    """What a fork copied from its original, and is not counted again."""

    messages: int = 0


class Item(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """The foreign original of a message: ``data`` where it is JSON, else ``base64``, decoded."""

    format: str
    data: Any = None
    base64: bytes | None = None


class Document(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """A document: ``value`` where it is JSON, else ``base64``, decoded; lists may lack both."""

    scope: str
    key: str
    revision: int
    type: str = "application/json"
    size: int = 0
    user: str | None = None
    app: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    expires_at: datetime | None = None
    value: Any = None
    base64: bytes | None = None


class Session(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """One conversation. ``id`` is the caller's own where there is one, ``uid`` is Hansard's.

    ``created`` says whether the ``start`` that gave it made it; None from all other calls.
    """

    id: str
    uid: str = ""
    kind: str = "session"
    title: str | None = None
    title_by: str | None = None
    state: str | None = None
    resolution: str = "open"
    channel: str | None = None
    app: str | None = None
    agent: str | None = None
    model: str | None = None
    user: str | None = None
    workflow_id: str | None = None
    workflow_name: str | None = None
    trigger: str | None = None
    parent: str | None = None
    forked_seq: int | None = None
    intent: str | None = None
    sub_intent: str | None = None
    assignee: str | None = None
    trail: list[Any] = []
    preview: str | None = None
    last_preview: str | None = None
    last_role: str | None = None
    message_count: int = 0
    failed_calls: int = 0
    tool_names: list[str] = []
    last_seq: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: float = 0.0
    inherited: Inherited | None = None
    run_id: str | None = None
    run_error: str | None = None
    unread: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None
    first_message_at: datetime | None = None
    last_message_at: datetime | None = None
    resolved_at: datetime | None = None
    ended_at: datetime | None = None
    archived_at: datetime | None = None
    created_by: str | None = None
    tags: list[str] = []
    external_ids: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    version: int = 0
    documents: dict[str, Document] = {}
    created: bool | None = None


class Message(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """One entry of a session, ordered by ``seq``. ``parts`` are as they were stored."""

    id: str
    session_id: str
    seq: int
    role: str
    parts: list[dict[str, Any]] = []
    created_at: datetime | None = None
    client_id: str | None = None
    run_id: str | None = None
    sender: str | None = None
    sender_id: str | None = None
    model: str | None = None
    usage: Usage = Usage()
    metadata: dict[str, Any] = {}
    edited_at: datetime | None = None
    item: Item | None = None

    @property
    def text(self) -> str:
        """The message's text parts, a line each, without reasoning and tool calls."""
        return "\n".join(
            part["content"]
            for part in self.parts
            if part.get("type") == "text" and isinstance(part.get("content"), str)
        )


class Rewound(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """What a rewind took away, with its items, and what it appended."""

    removed: list[Message] = []
    data: list[Message] = []

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        lists = {
            name: [Message.of(each) for each in document.get(name, [])]
            for name in ("removed", "data")
        }
        return super().of({**document, **lists})


class Difference(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """A message that only one of two sessions has.

    ``side`` is ``here`` for the session that was read, ``there`` for the other.
    """

    side: Literal["here", "there"]
    message: Message

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        return super().of({**document, "message": Message.of(document["message"])})


class Run(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """One execution of an agent or workflow; a lease while it is open."""

    id: str
    session_id: str
    state: str
    agent: str | None = None
    model: str | None = None
    workflow_id: str | None = None
    error: str | None = None
    usage: Usage = Usage()
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    heartbeat_at: datetime | None = None
    lease_expires_at: datetime | None = None
    metadata: dict[str, Any] = {}


class Key(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """A credential; ``key`` is its text, which only the answer that makes it has."""

    id: str
    name: str
    scopes: list[str] = []
    user: str | None = None
    app: str | None = None
    created_at: datetime | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    key: str | None = None


class Workspace(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    id: str
    name: str
    created_at: datetime | None = None
    settings: dict[str, Any] = {}


class Note(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """What a person says of a session, or of the message with this ``seq``."""

    id: str
    session_id: str = ""
    seq: int | None = None
    text: str = ""
    author: str = ""
    created_by: str = ""
    created_at: datetime | None = None


class Score(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """What a person, or a judge, thinks of a session, or of the message with this ``seq``."""

    id: str
    session_id: str = ""
    seq: int | None = None
    name: str = ""
    value: float | None = None
    label: str | None = None
    comment: str | None = None
    author: str = ""
    created_by: str = ""
    created_at: datetime | None = None


class Deleted(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """How much is gone, or would go where ``deleted`` is false.

    ``detached`` are the sub-sessions and forks that stay, without a parent.
    """

    id: str
    deleted: bool = True
    sessions: int = 0
    messages: int = 0
    runs: int = 0
    detached: int = 0


class Erasure(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """The receipt of an erasure.

    ``counts`` says how much of what is gone, ``subject`` stands for the user.
    """

    id: str
    subject: str = ""
    erased_at: datetime | None = None
    counts: dict[str, int] = {}
    signed: bool = False


class Figures(Usage, frozen=True, kw_only=True, repr_omit_defaults=True):
    """What some sessions count for: on one ``day``, or over all days; of one ``value`` of ``by``.

    ``other`` stands for the values beyond the top. ``run_p50`` and ``run_p95`` are in seconds; they
    and ``failure_rate`` are None without runs, and on a single day.
    """

    day: date | None = None
    value: str | None = None
    other: bool = False
    sessions: int = 0
    messages: int = 0
    resolved: int = 0
    unresolved: int = 0
    runs: int = 0
    failed_runs: int = 0
    failure_rate: float | None = None
    run_p50: float | None = None
    run_p95: float | None = None


class Stats(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """``data`` by day, ``groups`` by value, ``total``, and ``previous``, of as many days before.

    ``hours`` has the sessions that began in each hour of the day. ``current`` is false while the
    figures still follow a large change.
    """

    tz: str = "UTC"
    by: str | None = None
    current: bool = True
    data: list[Figures] = []
    groups: list[Figures] = []
    total: Figures = Figures()
    previous: Figures = Figures()
    hours: list[int] = []
    resolve_median: float | None = None

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        lists = {
            name: [Figures.of(item) for item in document.get(name, [])]
            for name in ("data", "groups")
        }
        sums = {name: Figures.of(document.get(name, {})) for name in ("total", "previous")}
        return super().of({**document, **lists, **sums})


class Event(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """A change of a session. ``session_id`` is its ``uid``, ``seq`` that of its last message.

    The type ``resync`` says that events in between are no longer kept: read again what you follow.
    """

    id: int
    type: str
    session_id: str | None = None
    seq: int | None = None


class Snippet(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """A passage of a message; ``highlights`` are (start, end) in characters of ``text``."""

    message_id: str
    seq: int
    role: str = ""
    created_at: datetime | None = None
    text: str = ""
    highlights: list[tuple[int, int]] = []


class SearchHit(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """A session that a search found.

    ``message_id`` is the best matching message, None where only the title or the filters match.
    """

    session: Session
    message_id: str | None = None
    matches: int = 0
    title_highlights: list[tuple[int, int]] = []
    snippets: list[Snippet] = []

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        inner = {
            "session": Session.of(document["session"]),
            "snippets": [Snippet.of(item) for item in document.get("snippets", [])],
        }
        return super().of({**document, **inner})


class Page(Struct, Generic[T], frozen=True, kw_only=True, repr_omit_defaults=True):
    """One page of a list; ``total`` is None unless requested, ``extra`` has the other fields."""

    data: list[T]
    has_more: bool = False
    next_cursor: str | None = None
    total: int | None = None
    extra: dict[str, Any] = {}

    def __iter__(self) -> Iterator[T]:
        return iter(self.data)
