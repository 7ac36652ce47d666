"""Find a session by any of its names, for a caller who may be narrowed to a user or an app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from msgspec import Struct

from hansard import ids
from hansard.errors import NotFound, StoreUnavailable
from hansard.model.session import name_of, tag_of
from hansard.store import chain, rows
from hansard.store.steps import Steps, row, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.model import Session
    from hansard.store.steps import Row

Looked = TypeVar("Looked", bound="Session | SessionRevision | AppendHead")


class SessionRef(Struct, frozen=True):
    """Which session is meant, and who asks: ``user_id`` and ``app`` narrow what the caller sees.

    With ``file_safe`` the name may be the id of a session with ``_`` for ``:`` and ``/``, or the
    other way round, where no session has exactly this name.
    """

    workspace_id: str
    name: str
    user_id: str | None = None
    app: str | None = None
    file_safe: bool = False

    def missing(self) -> NotFound:
        return NotFound(
            f"no session {self.name!r} in this workspace",
            code="session_not_found",
            param="session_id",
        )

    def sees(self, user_id: str | None, app: str | None) -> bool:
        return self.user_id in (None, user_id) and self.app in (None, app)


def _row(ref: SessionRef, statement: str) -> Steps[Row | None]:
    if "\x00" in ref.name:  # no name holds one, and PostgreSQL takes none
        return None
    uuid = ids.uuid_in(ref.name)
    if uuid is not None:
        stored = yield from row(statement, workspace_id=ref.workspace_id, id=uuid)
        if stored is not None:
            return stored
    stored = yield from row(
        f"{statement}_by_own_id", workspace_id=ref.workspace_id, own_id=ref.name
    )
    if stored is not None:
        return stored
    other = yield from _by_other_spelling(ref)
    if other is None:
        return None
    return (yield from row(statement, workspace_id=ref.workspace_id, id=other))


def _by_other_spelling(ref: SessionRef) -> Steps[str | None]:
    """The session whose id of its caller's is this one spelt otherwise."""
    here = {"workspace_id": ref.workspace_id}
    spellings, other = [ids.percent_spelling(ref.name)], None
    if ref.file_safe:
        safe_id = ids.file_safe(ref.name)
        other = yield from value("session_id_by_safe_id", **here, safe_id=safe_id)
        spellings.append(safe_id)
    for spelling in spellings:
        if other is None and spelling != ref.name:
            other = yield from value("session_id_by_own_id", **here, own_id=spelling)
    return other


def _seen(ref: SessionRef, statement: str, make: Callable[[Row], Looked]) -> Steps[Looked]:
    """What ``make`` makes of the session's row; NotFound when the caller sees none."""
    stored = yield from _row(ref, statement)
    seen = make(stored) if stored else None
    if seen is None or not ref.sees(seen.user_id, seen.app):
        raise ref.missing()
    return seen


def existing(ref: SessionRef) -> Steps[Session]:
    """The session; NotFound when it is absent, another workspace's or not the caller's to see."""
    return (yield from _seen(ref, "session_get", rows.session))


def locked(ref: SessionRef) -> Steps[Session]:
    """The session, its row locked until the transaction ends."""
    return (yield from _seen(ref, "session_lock", rows.session))


class SessionRevision(Struct, frozen=True):
    """Which session it is, and as of which change: enough to show what is kept of it."""

    id: str
    own_id: str | None
    user_id: str | None
    app: str | None
    version: int
    created_at: int

    @property
    def name(self) -> str:
        return name_of(self.id, self.own_id)

    @property
    def tag(self) -> str:
        return tag_of(self.id, self.version, self.created_at)


def standing(ref: SessionRef) -> Steps[SessionRevision]:
    """Where the session stands; NotFound as of ``found``."""
    return (yield from _seen(ref, "session_standing", lambda stored: SessionRevision(*stored)))


class AppendHead(Struct, frozen=True):
    """What an append must know of its session, whose row is locked.

    ``hash`` is that of the last message; None where the row does not hold it: ``linked`` has it.
    """

    id: str
    own_id: str | None
    user_id: str | None
    app: str | None
    last_seq: int
    updated_at: int
    active_at: int
    title_folded: str
    tools: str
    hash: bytes | None
    version: int

    @classmethod
    def of(cls, session: Session, last_hash: bytes | None) -> Self:
        """The head of a session that is read whole and locked."""
        return cls(
            session.id,
            session.own_id,
            session.user_id,
            session.app,
            session.last_seq,
            session.updated_at,
            session.active_at,
            rows.fold(session.title or ""),
            bytes(session.tools).decode(),
            last_hash,
            session.version,
        )


def peeked(ref: SessionRef) -> Steps[AppendHead]:
    """The least that an append needs, the session's row locked until the transaction ends."""
    return (yield from _seen(ref, "session_peek", lambda stored: AppendHead(*stored)))


def linked(workspace_id: str, head: AppendHead) -> Steps[bytes]:
    """The hash that the next message of a locked session follows.

    Where the row does not hold it, a statement of its own reads it from the last message: only one
    that begins after the lock was taken sees what the lock's last holder wrote.
    Raises StoreUnavailable ``chain_broken`` when there is none: a chain is never begun again.
    """
    if head.last_seq == 0:
        return chain.ROOT
    if head.hash is not None:
        return head.hash
    here = {"workspace_id": workspace_id, "session_id": head.id}
    last: bytes | None = yield from value("message_hash", **here, seq=head.last_seq)
    if last is None:
        raise StoreUnavailable(
            f"message {head.last_seq} of the session {name_of(head.id, head.own_id)!r} is missing,"
            " so nothing can be appended: 'hansard verify' lists what is damaged",
            code="chain_broken",
            retry_after=60,
        )
    return last
