"""What several nouns share: session references, idempotent writes."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, TypeVar

from hansard import byte_cache
from hansard.errors import Busy, Forbidden, StoreUnavailable
from hansard.model.idempotency import IdempotentRequest
from hansard.service import removals
from hansard.store.verbs.idempotency import guarded
from hansard.store.verbs.session_lookup import SessionRef

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import ParamSpec

    from hansard.access import Principal
    from hansard.store import Store
    from hansard.store.steps import Steps

    P = ParamSpec("P")

T = TypeVar("T")
_PAUSES = (0.1, 0.5, 2.0)


def ref(principal: Principal, name: str) -> SessionRef:
    return SessionRef(
        principal.workspace_id, name, principal.user_id, principal.app, principal.file_safe
    )


def whole(principal: Principal) -> None:
    """Raise Forbidden for a key that is narrowed to one end user or app."""
    if principal.user_id is not None or principal.app is not None:
        raise Forbidden(
            "this key is limited to one end user or app and cannot manage the workspace",
            code="narrowed_key",
        )


async def write(
    store: Store,
    once: IdempotentRequest | None,
    workspace_id: str,
    now: int,
    verb: Callable[P, Steps[T]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run one transaction; with ``once``, store its answer and replay it.

    Raises Busy while this process handles the same key. When a commit's outcome is unknown, the key
    tells it.
    """
    with in_flight(store, once, workspace_id):
        return await settled(store, once, workspace_id, now, verb, *args, **kwargs)


@contextlib.contextmanager
def in_flight(store: Store, once: IdempotentRequest | None, workspace_id: str) -> Iterator[None]:
    """Hold the key of ``once``, if any; Busy while this process already handles it."""
    if once is None:
        yield
        return
    flight = (workspace_id, once.key)
    if flight in store.in_flight:
        raise Busy(
            "another request with this Idempotency-Key is in progress: try again",
            code="idempotency_in_flight",
            param="Idempotency-Key",
        )
    store.in_flight.add(flight)
    try:
        yield
    finally:
        store.in_flight.discard(flight)


async def settled(
    store: Store,
    once: IdempotentRequest | None,
    workspace_id: str,
    now: int,
    verb: Callable[P, Steps[T]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """As ``write``, for a caller that holds the key of ``once``."""
    if once is None:
        return await store.write(verb, *args, **kwargs)
    for pause in _PAUSES:
        try:
            return await store.write(
                guarded, once, workspace_id, now, lambda: verb(*args, **kwargs)
            )
        except StoreUnavailable as problem:
            if problem.code != "outcome_unknown":
                raise
        await asyncio.sleep(pause)
    return await store.write(guarded, once, workspace_id, now, lambda: verb(*args, **kwargs))


async def forget_deleted(store: Store, workspace_id: str) -> None:
    """Remove the rest of what was just deleted, from this process's caches and the files as well.

    Other processes drop it on their next read, or after half a minute without one.
    """
    byte_cache.forget(workspace_id)
    await removals.finish(store, workspace_id)
    await store.scrub()
