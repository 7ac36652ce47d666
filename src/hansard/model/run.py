from __future__ import annotations

from typing import Literal, get_args

from msgspec import Raw, Struct

from hansard.model.units import Microseconds, NanoDollars

State = Literal[
    "queued", "running", "waiting", "completed", "partial", "failed", "cancelled", "interrupted"
]
STATES: tuple[str, ...] = get_args(State)
OPEN_STATES: tuple[str, ...] = ("queued", "running", "waiting")


class Run(Struct, frozen=True):
    """One execution of an agent or workflow: a lease that heartbeats keep alive while it is open.

    Times are in UTC. Null stands for what was not set or does not apply.
    """

    session_id: str
    """The session that it belongs to. Set by the server."""
    id: str
    """The caller's own id, 1–256 characters, unique in the session; else `run_` and a UUID."""
    state: str
    """Where it stands. Set by the caller; `interrupted` by the server when its lease lapses."""
    agent: str | None
    """Who executes it. Set by the caller; by default the session's."""
    model: str | None
    """The language model in use. Set by the caller; by default the session's."""
    workflow_id: str | None
    """The workflow that it executes. Set by the caller; by default the session's."""
    error: str | None
    """Why it failed; at most 8,000 characters are kept. Set by the caller, or when it lapses."""
    input_tokens: int
    """Model tokens that it read in all, cached ones included. Set by the caller."""
    output_tokens: int
    """Model tokens that it wrote in all, reasoning included. Set by the caller."""
    cache_read_tokens: int
    """Those of the input that a cache held. Set by the caller."""
    cache_write_tokens: int
    """Those of the input that a cache took in. Set by the caller."""
    reasoning_tokens: int
    """Those of the output that were reasoning. Set by the caller."""
    cost_nanos: NanoDollars
    """What it cost in all. Compared with what the messages report, not added. Set by the caller."""
    lease_us: int | None
    """How long it stays alive without a heartbeat, in microseconds; null for one that never
    lapses, and for one that a caller finished. Set by the caller."""
    lease_expires_at: Microseconds | None
    """When it lapses without a heartbeat; null when it never does or is over."""
    heartbeat_at: Microseconds | None
    """When its last heartbeat came. Set by the server."""
    created_at: Microseconds
    """When it was created: the time of the request."""
    started_at: Microseconds | None
    """When it began to work; null while it is queued. Set by the caller, else by the server."""
    finished_at: Microseconds | None
    """When it was over; null while it is open. Set by the caller, else by the server."""
    updated_at: Microseconds
    """When it last changed. Set by the server."""
    exclusive_at: Microseconds | None
    """When it began as the only open run of its session; null for one that did not ask to."""
    metadata: Raw
    """The application's own JSON object. Set by the caller."""

    @property
    def is_lapsed(self) -> bool:
        """Whether it was taken for dead, and not ended: then it goes on when it beats again."""
        return self.state == "interrupted" and self.lease_us is not None


class RunDraft(Struct, frozen=True, kw_only=True):
    """What a caller may say when a run starts; ``lease_us`` None means that it never lapses."""

    id: str | None = None
    state: State = "running"
    agent: str | None = None
    model: str | None = None
    workflow_id: str | None = None
    error: str | None = None
    lease_us: int | None = 60_000_000
    created_at: int | None = None
    started_at: int | None = None
    finished_at: int | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_nanos: int = 0
    metadata: Raw = Raw(b"{}")
    exclusive: bool = False


class RunPatch(Struct, frozen=True, kw_only=True):
    """A heartbeat or an end: the new state, and what the run used up."""

    state: State | None = None
    error: str | None = None
    lease_us: int | None = None
    finished_at: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_nanos: int | None = None
