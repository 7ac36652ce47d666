"""Idempotency: the same key again gives the first answer.

The answer is kept in the verb's own transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from hansard.errors import Busy, Conflict, Error, NotFound
from hansard.model.idempotency import Answer, IdempotentRequest, Replayed
from hansard.store.steps import Query, Row, Steps, row, rows, run, value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
KEPT_US = 24 * 3600 * 1_000_000


def guarded(
    once: IdempotentRequest, workspace_id: str, now: int, verb: Callable[[], Steps[T]]
) -> Steps[T]:
    """Run ``verb`` unless ``once`` was answered in the last 24 hours.

    Then raise Replayed with that answer.

    Raises Conflict when the key came with another request.
    """
    here = {"workspace_id": workspace_id, "key": once.key}
    if (yield from value("idempotency_take", **here, digest=once.digest, now=now)) is None:
        yield from _earlier(once, now, here)
    result = yield from verb()
    status, answer = once.encode(result)
    yield from run(
        "idempotency_settle", **here, status=status, answer=answer, session_id=_session_of(result)
    )
    return result


def _session_of(result: object) -> str | None:
    """The session in a verb's result.

    The kept answer is deleted with the session.
    """
    outcome = result[0] if isinstance(result, tuple) and result else result
    ident = getattr(outcome, "id", None)
    return ident if isinstance(ident, str) else None


def _earlier(once: IdempotentRequest, now: int, here: dict[str, str]) -> Steps[None]:
    got = yield from row("idempotency_get", **here)
    while got is not None and got[3] < now - KEPT_US:
        if (
            yield from value("idempotency_retake", **here, digest=once.digest, now=now, seen=got[3])
        ) is not None:
            return
        got = yield from row("idempotency_get", **here)
    if got is None:
        raise Busy(
            "the request with this Idempotency-Key is being forgotten: try again",
            code="idempotency_in_flight",
            param="Idempotency-Key",
        )
    raise _outcome(once, got)


def recall(once: IdempotentRequest, workspace_id: str, now: int) -> Steps[None]:
    """Raise as ``guarded`` where ``once`` was answered in the last 24 hours.

    A read, for work that is long.
    """
    got = yield from row("idempotency_get", workspace_id=workspace_id, key=once.key)
    if got is not None and got[3] >= now - KEPT_US:
        raise _outcome(once, got)


def _outcome(once: IdempotentRequest, kept: Row) -> Error | Replayed:
    """The answer to a request whose key is known: the kept one, or the error for having none."""
    digest, status, answer, _ = kept
    if digest != once.digest:
        return Conflict(
            "this Idempotency-Key came with another request before: use a new key for a new "
            "request",
            code="idempotency_key_reused",
            param="Idempotency-Key",
        )
    if answer is None:
        return NotFound(
            "this request was done before; what it made, or what its answer quoted, has been "
            "deleted since",
            code="deleted_since",
            param="Idempotency-Key",
        )
    return Replayed(status, Answer.unpacked(bytes(answer)))


def forgetting(
    workspace_id: str, session_id: str, message_id: str, words: Iterable[str] = ()
) -> Query:
    """Empty the kept answers that contain a message.

    Also those with up to two of its first words as the session's title or preview.
    """
    needle = message_id.encode()
    second, third = [*map(msgspec.json.encode, words), needle, needle][:2]
    return Query(
        "idempotency_forget_message",
        {"workspace_id": workspace_id, "id": session_id}
        | {"needle": needle, "second": second, "third": third},
    )


def trim(workspace_id: str, before: int, limit: int) -> Steps[bool]:
    """Forget up to ``limit`` keys from before a time; True when there may be more."""
    gone = yield from rows(
        "idempotency_trim", workspace_id=workspace_id, before=before, limit=limit
    )
    return len(gone) == limit
