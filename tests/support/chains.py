"""Chains that began again in their middle, as an older version made them on PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection

from hansard.service import Service
from hansard.store import chain, rows
from hansard.store.steps import Steps, many
from hansard.store.steps import rows as read


def begin_again(workspace_id: str, session_id: str, seqs: Collection[int]) -> Steps[None]:
    """Write the hashes of a session as they are when its chain begins again at these messages."""
    here = {"workspace_id": workspace_id, "session_id": session_id}
    stored = yield from read("message_chain", **here, after=0, limit=10_000)
    before, hashes = chain.ROOT, []
    for seq, deleted_at, digest, *message in stored:
        if deleted_at is None:
            start = chain.ROOT if seq in seqs else before
            before = chain.link(start, rows.message(message))
        else:
            before = bytes(digest)
        hashes.append({**here, "seq": seq, "hash": before})
    yield from many("message_rehash", hashes)
    yield from many(
        "session_rehash", [{"workspace_id": workspace_id, "id": session_id, "hash": before}]
    )


async def break_chain(
    service: Service, workspace_id: str, session_id: str, seqs: Collection[int]
) -> None:
    """Break the chain of a session at these messages; it must be done anew after each append."""
    await service.store.write(begin_again, workspace_id, session_id, seqs)
