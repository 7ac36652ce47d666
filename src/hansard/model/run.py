from __future__ import annotations

from typing import Literal, get_args

from msgspec import Raw, Struct

State = Literal[
    "queued", "running", "waiting", "completed", "partial", "failed", "cancelled", "interrupted"
]
STATES: tuple[str, ...] = get_args(State)
OPEN_STATES: tuple[str, ...] = ("queued", "running", "waiting")


class Run(Struct, frozen=True):
    """One execution of an agent or workflow; a lease while it is open.

    ``lease_us`` is None for a run that never lapses, and for one that somebody ended.
    ``lease_expires_at`` is None for a run without a lease and for a finished one, ``exclusive_at`` for one that
    did not ask to be alone.
    """

    session_id: str
    id: str
    state: str
    agent: str | None
    model: str | None
    workflow_id: str | None
    error: str | None
    input_tokens: int
    output_tokens: int
    cost_nanos: int
    lease_us: int | None
    lease_expires_at: int | None
    heartbeat_at: int | None
    created_at: int
    started_at: int | None
    finished_at: int | None
    updated_at: int
    exclusive_at: int | None
    metadata: Raw

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
    cost_nanos: int | None = None
