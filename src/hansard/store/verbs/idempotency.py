"""Do a thing once: the same key again gives the first answer, within the same transaction as the thing itself."""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - msgspec reads the annotations of Once
from typing import TypeVar

from msgspec import Struct

from hansard.errors import Conflict
from hansard.store.steps import Steps, row, run, value

T = TypeVar("T")
KEPT_US = 24 * 3600 * 1_000_000


class Once(Struct, frozen=True):
    """An idempotency key, a digest of the request that came with it, and how its result is told."""

    key: str
    digest: str
    tell: Callable[[object], tuple[int, bytes]]


class Replayed(Exception):  # noqa: N818 - not an error: the first answer, on its way past the code that would make a second
    """The work was done before: here is its answer."""

    def __init__(self, status: int, answer: bytes) -> None:
        super().__init__("replayed")
        self.status = status
        self.answer = answer


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
