"""B3OS's words for ours."""

from __future__ import annotations

from typing import Literal

from hansard.model import Session
from hansard.model.message import Role
from hansard.model.times import rfc3339

RunStatus = Literal["running", "waiting", "success", "partial", "failure", "cancelled"]
ChatRole = Literal["user", "assistant", "system", "context"]
ROLES: dict[ChatRole, Role] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "context": "system",
}
STATUSES: dict[str, RunStatus] = {
    "queued": "running",
    "running": "running",
    "waiting": "waiting",
    "completed": "success",
    "partial": "partial",
    "failed": "failure",
    "interrupted": "failure",
    "cancelled": "cancelled",
}


def conversation_id(session: Session) -> str:
    return session.own_id or f"session_{session.id}"


def time_or_empty(us: int | None) -> str:
    return "" if us is None else rfc3339(us)
