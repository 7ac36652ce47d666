"""Fill a store of ours with a plan's records: whole sessions, many in one transaction."""

from __future__ import annotations

import asyncio
import time
from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw

from hansard.access import ALL_SCOPES
from hansard.app import opened
from hansard.ids import IdSource, microseconds
from hansard.model import MessageDraft, Session
from hansard.model.transfer import ImportedSession
from hansard.model.usage import Spent
from hansard.settings import Settings
from hansard.store.verbs import import_sessions
from hansard_bench.dataset_facts import Facts, gathered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hansard.service import Service
    from hansard_bench.records import Maker, SessionRecord

_BATCH = 2_000
_KEYS = {0: "key", 1: "neighbour_key"}
_EMPTY: dict[str, Any] = dict.fromkeys(Session.__struct_fields__)
_COUNTS = dict.fromkeys(
    ("message_count", "last_seq", "input_tokens", "output_tokens", "cost_nanos"), 0
)
_JSON = {
    "tags": Raw(b"[]"),
    "trail": Raw(b"[]"),
    "external_ids": Raw(b"{}"),
    "metadata": Raw(b"{}"),
}


async def fill(url: str, maker: Maker) -> Facts:
    """Load everything; the facts hold a key of the largest workspace and of another."""
    facts = Facts(plan=maker.plan.name)
    began = time.perf_counter()
    async with opened(Settings(store=url)) as service:
        ids = IdSource(microseconds)
        for number, records in groupby(gathered(maker, facts), key=lambda record: record.workspace):
            workspace = await service.workspaces.create(f"workspace-{number:04d}")
            if number in _KEYS:
                key, _ = await service.keys.create(
                    service.workspaces.operator(workspace), "bench", ALL_SCOPES
                )
                setattr(facts, _KEYS[number], key)
            await _load(service, workspace.id, records, ids)
    facts.seconds = time.perf_counter() - began
    return facts


async def _load(
    service: Service, workspace_id: str, records: Iterable[SessionRecord], ids: IdSource
) -> None:
    """As an import does it: a batch is made ready while the one before it is being written."""
    flight: asyncio.Task[object] | None = None
    for batch in _batches(records):
        ready = await asyncio.to_thread(_ready, workspace_id, batch, ids)
        if flight is not None:
            await flight
        flight = asyncio.create_task(
            service.store.write(
                import_sessions.bring, workspace_id, ready, ids, batch[-1].updated_at
            )
        )
        await asyncio.sleep(0)
    if flight is not None:
        await flight


def _ready(
    workspace_id: str, batch: Sequence[SessionRecord], ids: IdSource
) -> list[import_sessions.PreparedImport]:
    return [
        import_sessions.ready(_arrival(workspace_id, record), ids, record.updated_at)
        for record in batch
    ]


def _batches(records: Iterable[SessionRecord]) -> Iterator[list[SessionRecord]]:
    """Batches of some thousand messages.

    A giant session is split, since one transaction of its size would not fit the page cache.
    """
    batch: list[SessionRecord] = []
    size = 0
    for record in records:
        if len(record.messages) > _BATCH:
            yield from ([_piece(record, start)] for start in range(0, len(record.messages), _BATCH))
            continue
        batch.append(record)
        size += len(record.messages)
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _piece(record: SessionRecord, start: int) -> SessionRecord:
    messages = record.messages[start : start + _BATCH]
    return msgspec.structs.replace(record, messages=messages, updated_at=messages[-1].created_at)


def _arrival(workspace_id: str, record: SessionRecord) -> ImportedSession:
    """The record as a session that has come from elsewhere; its state stands without a run."""
    session = Session(
        **_EMPTY
        | _COUNTS
        | _JSON
        | {
            "workspace_id": workspace_id,
            "id": record.id.removeprefix("ses_"),
            "version": 1,
            "kind": "session",
            "channel": record.channel,
            "agent": record.agent,
            "user_id": record.user,
            "state": record.state,
            "resolution": "open",
            "title": record.title,
            "title_by": "auto",
            "created_at": record.created_at,
            "updated_at": record.updated_at,
            "active_at": record.updated_at,
            "used_at": record.updated_at,
            "inherited": Raw(b"{}"),
            "runs_spent": Raw(b"{}"),
            "tools": Raw(b"{}"),
            "failed_calls": 0,
            **Spent().sums,
        }
    )
    encode = msgspec.json.encode
    messages = [
        MessageDraft(
            role=message.role,
            parts=Raw(encode(message.parts)),
            text=message.text,
            created_at=message.created_at,
        )
        for message in record.messages
    ]
    return ImportedSession(session, None, messages)
