"""Limits on imported data: the same as through the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw

from hansard.errors import Invalid
from hansard.model.bounds import (
    check_imported,
    check_item,
    not_ahead,
    own_id,
    shallow,
    short,
    spent,
)
from hansard.model.message import is_role
from hansard.model.usage import MOST_SUM, SUMS
from hansard.service.notes import check_brought
from hansard.service.runs import ERROR, LONGEST_LEASE
from hansard.service.session_bounds import check_texts, sized
from hansard.store.verbs.summaries import PREVIEW

if TYPE_CHECKING:
    from hansard.model import Message, Run, Session
    from hansard.model.transfer import Kept, Snapshot

_NUMBERS = ("version", "message_count", "failed_calls", "last_seq", *SUMS)
_SESSION_TIMES = (
    "created_at", "updated_at", "active_at", "used_at", "first_message_at", "last_message_at",
    "resolved_at",
    "ended_at", "archived_at", "read_at",
)  # fmt: skip
_RUN_TIMES = ("created_at", "started_at", "finished_at", "heartbeat_at", "updated_at")
_TITLED_BY = (None, "auto", "agent", "import", "user")


def check_snapshot(snapshot: Snapshot, now: int) -> None:
    """Raise Invalid for an exported session that no Hansard store could have held."""
    _check_session(snapshot.session, now)
    for run in snapshot.runs:
        _check_run(run, f"run {run.id}", now)
    for index, kept in enumerate(snapshot.messages):
        _check_kept(kept, f"messages[{index}]", now)
    check_brought(snapshot)


def _check_session(session: Session, now: int) -> None:
    check_texts(session, msgspec.json.decode(session.tags, type=list[str]))
    sized(session)
    for field in ("created_by", "parent_id", "run_id"):
        short(getattr(session, field), field)
    for field in ("preview", "last_preview"):
        short(getattr(session, field), field, PREVIEW)
    short(session.run_error, "run_error", ERROR)
    if session.title_by not in _TITLED_BY or not is_role(session.last_role or "user"):
        raise Invalid("session.title_by or session.last_role has an unknown value")
    for field in _NUMBERS:
        _check_number(getattr(session, field), f"session.{field}")
    _check_number(session.forked_seq, "session.forked_seq")
    for field in _SESSION_TIMES:
        not_ahead(getattr(session, field), now, f"session.{field}")
    not_ahead(session.by_runs.at, now, "session.runs_spent.at")
    for field in ("trail", "external_ids", "metadata"):
        shallow(getattr(session, field), field)


def _check_run(run: Run, path: str, now: int) -> None:
    own_id(run.id, path)
    for field in ("agent", "model", "workflow_id"):
        short(getattr(run, field), f"{path}.{field}")
    short(run.error, f"{path}.error", ERROR)
    spent(run, path)
    for field in _RUN_TIMES:
        not_ahead(getattr(run, field), now, f"{path}.{field}")
    if run.lease_us is not None and not 0 < run.lease_us <= LONGEST_LEASE:
        raise Invalid(f"{path}.lease_us must be from 1 to {LONGEST_LEASE}")
    if run.lease_expires_at is not None:
        not_ahead(run.lease_expires_at - LONGEST_LEASE, now, f"{path}.lease_expires_at")
    shallow(run.metadata, f"{path}.metadata")


def _check_kept(kept: Kept, path: str, now: int) -> None:
    message: Message = kept.message
    own_id(message.id, f"{path}.id")
    check_imported(message, path, now)
    if message.sender not in (None, "operator"):
        raise Invalid(f"{path}.sender is {message.sender!r}, expected 'operator' or none")
    for field, at in (("deleted_at", kept.deleted_at), ("edited_at", message.edited_at)):
        not_ahead(at, now, f"{path}.{field}")
    if kept.item is not None:
        check_item(kept.item, f"{path}.item")
        if kept.item.encoding == "json":
            shallow(Raw(kept.item.data), f"{path}.item.data")


def _check_number(number: int | None, path: str) -> None:
    if number is not None and not 0 <= number <= MOST_SUM:
        raise Invalid(f"{path} must be from 0 to {MOST_SUM}", param=path)
