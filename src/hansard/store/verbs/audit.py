"""The audit log.

Each entry's hash covers it and the one before it, keyed with the store's secret.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from hansard.store.steps import Query, Row, Steps, row, rows, run, together

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
ROOT = bytes(16)
_encode = msgspec.json.Encoder(order="deterministic").encode


class Act(Struct, frozen=True):
    """Who (a key's id, or ``operator``) did what to which object, when, and with what result."""

    workspace_id: str
    at: int
    actor: str
    action: str
    object: str
    result: str = "ok"
    details: dict[str, Any] = {}


class Noted(Struct, frozen=True):
    """An act at its place in the log."""

    n: int
    act: Act
    hash: bytes


def link(secret: bytes, before: bytes, n: int, act: Act) -> bytes:
    """The 16-byte hash of the ``n``-th act after one whose hash is ``before``."""
    return blake2b(
        before + _encode([n, act]), digest_size=16, key=secret, person=b"hansard audit"
    ).digest()


def note(secret: bytes, act: Act) -> Steps[Noted]:
    """Write one entry; locks the log's head until commit, so it comes last in a transaction."""
    n, before = yield from _next_place(act.workspace_id)
    digest = link(secret, bytes(before), n, act)
    entry = msgspec.structs.asdict(act) | {"details": _encode(act.details).decode()}
    end = {"workspace_id": act.workspace_id, "hash": digest}
    parts = [Query("audit_put", entry | end | {"n": n}), Query("audit_head_set", end)]
    yield from together("audit_put", parts)
    return Noted(n, act, digest)


def _next_place(workspace_id: str) -> Steps[Row]:
    """The next place in the log, and the hash before it; the first act of a workspace begins it."""
    head = yield from row("audit_head_next", workspace_id=workspace_id)
    if head is None:
        yield from run("audit_head_put", workspace_id=workspace_id, hash=ROOT)
        head = yield from row("audit_head_next", workspace_id=workspace_id)
    assert head is not None, "the head was put by the statement before"  # noqa: S101 - an invariant of this verb
    return head


def note_many(secret: bytes, acts: Sequence[Act]) -> Steps[None]:
    """Write several entries; comes last in a transaction, as ``note`` does."""
    for act in acts:
        yield from note(secret, act)


def noted(secret: bytes, describe: Callable[[T], Act], verb: Callable[[], Steps[T]]) -> Steps[T]:
    """Run ``verb`` and write in the same transaction what ``describe`` makes of its result."""
    result = yield from verb()
    yield from note(secret, describe(result))
    return result


def page(workspace_id: str, before: int, limit: int) -> Steps[list[Noted]]:
    """Up to ``limit`` entries before the ``before``-th, newest first."""
    got = yield from rows("audit_list", workspace_id=workspace_id, before=before, limit=limit)
    return [_noted(workspace_id, row) for row in got]


def walk(workspace_id: str, after: int, limit: int) -> Steps[list[Noted]]:
    """Up to ``limit`` entries behind the ``after``-th, oldest first."""
    got = yield from rows("audit_walk", workspace_id=workspace_id, after=after, limit=limit)
    return [_noted(workspace_id, row) for row in got]


def head(workspace_id: str) -> Steps[tuple[int, bytes]]:
    """How many entries there are, and the hash of the last."""
    got = yield from row("audit_head_get", workspace_id=workspace_id)
    return (got[0], bytes(got[1])) if got else (0, ROOT)


def workspaces() -> Steps[list[str]]:
    """Every workspace that has a log, deleted ones included."""
    return [row[0] for row in (yield from rows("audit_workspaces"))]


def _noted(workspace_id: str, row: Any) -> Noted:  # noqa: ANN401 - a row
    n, at, actor, action, thing, result, details, digest = row
    return Noted(
        n,
        Act(workspace_id, at, actor, action, thing, result, msgspec.json.decode(details)),
        bytes(digest),
    )
