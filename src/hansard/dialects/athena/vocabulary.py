"""Athena's words for ours, in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast, get_args

from hansard.model import Session
from hansard.model.session import TASK_KINDS

PREFIX = "/api/v0"
RunStatus = Literal["queued", "running", "needs_input", "completed", "failed", "canceled"]
SessionStatus = Literal["idle", "active", "needs_input", "error"]
FailureReason = Literal["error", "interrupted"]
SessionType = Literal["session", "video_session", "desktop_session", "mobile_session"]
RUN_STATUS: dict[str, RunStatus] = {
    "queued": "queued",
    "running": "running",
    "waiting": "needs_input",
    "completed": "completed",
    "partial": "completed",
    "failed": "failed",
    "interrupted": "failed",
    "cancelled": "canceled",
}
SESSION_STATUS: dict[str, SessionStatus] = {
    "queued": "active",
    "running": "active",
    "waiting": "needs_input",
    "failed": "error",
    "interrupted": "error",
}
FAILURE_REASON: dict[str, FailureReason] = {"failed": "error", "interrupted": "interrupted"}
SESSION_TYPES: tuple[str, ...] = get_args(SessionType)
NOTHING = ("-" * 300,)
"""A filter that no session passes: the value is longer than any that is stored."""


def states(names: Sequence[str]) -> tuple[str, ...]:
    """Our states behind Athena's words; unknown words match none.

    Both spellings of canceled are known.
    """
    words = {word.lower().replace("cancelled", "canceled") for word in names}
    return tuple(ours for ours, theirs in RUN_STATUS.items() if theirs in words) or (
        NOTHING if names else ()
    )


def kinds(names: Sequence[str]) -> tuple[str, ...]:
    """Our kinds behind Athena's session types.

    Workflows, tasks and branches are shown as sessions.
    """
    known = tuple(word for word in SESSION_TYPES if word in names)
    shown = (*TASK_KINDS, "branch") if "session" in known else ()
    return (*known, *shown) or (NOTHING if names else ())


def session_type(session: Session) -> SessionType:
    return cast("SessionType", session.kind) if session.kind in SESSION_TYPES else "session"


def asset_id(session_id: str) -> str:
    return f"asset_{session_id}"


def is_task(session: Session) -> bool:
    return session.kind in TASK_KINDS
