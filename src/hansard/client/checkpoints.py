"""The requests of checkpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hansard.client.checkpoint_structs import Checkpoint
from hansard.client.documents import checked
from hansard.client.pages import listed
from hansard.client.params import (
    CheckpointBlob,
    CheckpointWrite,
    DocumentSet,
    NewMessage,
    SessionStart,
    known,
)
from hansard.client.requests import Request, path
from hansard.client.structs import Page


def put(  # noqa: PLR0913 - the parameters of the API
    session: str,
    id: str,
    *,
    data: bytes,
    type: str,
    ns: str = "",
    parent: str | None = None,
    run: str | None = None,
    meta: bytes = b"{}",
    meta_type: str = "json",
    facts: Mapping[str, str | float | bool | None] | None = None,
    versions: Mapping[str, str] | None = None,
    blobs: Sequence[CheckpointBlob] = (),
    start: SessionStart | None = None,
    messages: Sequence[NewMessage] = (),
    documents: Sequence[DocumentSet] = (),
    idempotency_key: str | None = None,
) -> Request[None]:
    """Store a checkpoint; messages and documents come with it in the same transaction.

    A session that is not there is created with the fields of ``start``, which may be empty.
    ``versions`` are the channels that it refers to, by default those of its ``blobs``.
    """
    body: dict[str, object] = {
        "ns": ns,
        "id": id,
        "parent": parent,
        "run": run,
        "type": type,
        "data": data,
        "meta": meta,
        "meta_type": meta_type,
        "facts": facts or {},
        "versions": versions,
        "blobs": [known(each, CheckpointBlob) for each in blobs],
    }
    body |= _beside(start, messages, documents)
    return Request(
        "POST", path("sessions", session, "checkpoints"), _nothing, body=body, key=idempotency_key
    )


def write(  # noqa: PLR0913 - the parameters of the API
    session: str,
    checkpoint: str,
    task: str,
    writes: Sequence[CheckpointWrite],
    *,
    ns: str = "",
    path_in_task: str = "",
    start: SessionStart | None = None,
    messages: Sequence[NewMessage] = (),
    documents: Sequence[DocumentSet] = (),
    idempotency_key: str | None = None,
) -> Request[None]:
    """Store what a task wrote since a checkpoint.

    Of several writes of a negative ``idx`` the last counts, of any other the first.
    ``path_in_task`` is the API's ``path``, by which writes are ordered.
    """
    body: dict[str, object] = {
        "ns": ns,
        "checkpoint": checkpoint,
        "task": task,
        "path": path_in_task,
        "writes": [known(each, CheckpointWrite) for each in writes],
    }
    body |= _beside(start, messages, documents)
    return Request(
        "POST",
        path("sessions", session, "checkpoints") + "/writes",
        _nothing,
        body=body,
        key=idempotency_key,
    )


def listing(  # noqa: PLR0913 - the parameters of the API
    session: str | None = None,
    *,
    ns: str | None = None,
    id: str | None = None,
    before: str | None = None,
    facts: Mapping[str, Any] | None = None,
    page_size: int | None = None,
) -> Request[Page[Checkpoint]]:
    """Checkpoints, the newest first, with their blobs and writes; of all sessions without one."""
    query = {
        "ns": ns,
        "id": id,
        "before": before,
        "fact": [_fact(*each) for each in (facts or {}).items()],
    }
    where = "/v1/checkpoints" if session is None else path("sessions", session, "checkpoints")
    return listed(Checkpoint, where, page_size, query)


def prune(
    session: str, keep: int, *, ns: str | None = None, idempotency_key: str | None = None
) -> Request[int]:
    """Delete all but the newest ``keep`` of each namespace; how many went."""
    where = path("sessions", session, "checkpoints") + "/prune"
    return Request("POST", where, _count, body={"keep": keep, "ns": ns}, key=idempotency_key)


def delete_run(run: str, *, idempotency_key: str | None = None) -> Request[int]:
    """Delete the checkpoints of a run, in whatever sessions; how many went."""
    return Request("DELETE", "/v1/checkpoints", _count, query={"run": run}, key=idempotency_key)


def _beside(
    start: SessionStart | None,
    messages: Sequence[NewMessage],
    documents: Sequence[DocumentSet],
) -> dict[str, object]:
    session = None if start is None else known(start, SessionStart)
    return {
        "session": session,
        "messages": [known(each, NewMessage) for each in messages],
        "documents": checked(documents),
    }


def _fact(name: str, value: object) -> str:
    if isinstance(value, str):
        return f"{name}:{value}"
    spelled = {None: "null", True: "true", False: "false"}
    return f"{name}:{spelled[value] if value is None or isinstance(value, bool) else value}"


def _count(answer: dict[str, int]) -> int:
    return answer["checkpoints"]


def _nothing(_: object) -> None:
    return None
