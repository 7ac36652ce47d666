"""Do a thing once: the same key again gives the first answer, within the same transaction as the thing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from hansard.errors import Conflict
from hansard.model.once import Once, Replayed
from hansard.store.steps import Steps, row, run, value

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
KEPT_US = 24 * 3600 * 1_000_000


def guarded(once: Once, workspace_id: str, now: int, verb: Callable[[], Steps[T]]) -> Steps[T]:
    """Run ``verb`` unless ``once`` was answered in the last 24 hours: then raise Replayed with that answer.

    Raises Conflict when the key came with another request.
    """
    here = {"workspace_id": workspace_id, "key": once.key}
    if (yield from value("idempotency_take", **here, digest=once.digest, now=now)) is None:
        yield from _earlier(once, now, here)
    result = yield from verb()
    status, answer = once.tell(result)
    yield from run("idempotency_settle", **here, status=status, answer=answer)
    return result


def _earlier(once: Once, now: int, here: dict[str, str]) -> Steps[None]:
    got = yield from row("idempotency_get", **here)
    if got is None or got[3] < now - KEPT_US:
        yield from run("idempotency_retake", **here, digest=once.digest, now=now)
        return
    digest, status, answer, _ = got
    if digest != once.digest:
        raise Conflict(
            "this Idempotency-Key came with another request before: use a new key for a new request", code="idempotency_key_reused", param="Idempotency-Key"
        )
    raise Replayed(status, bytes(answer))


def trim(workspace_id: str, before: int) -> Steps[None]:
    yield from run("idempotency_trim", workspace_id=workspace_id, before=before)
