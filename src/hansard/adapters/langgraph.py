"""LangGraph's checkpointer: ``builder.compile(checkpointer=HansardSaver())``."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_id,
    get_checkpoint_metadata,
)
from langgraph.checkpoint.serde.base import SerializerProtocol

from hansard import client as api
from hansard.adapters.clients import Clients
from hansard.adapters.langgraph_transcript import Transcript
from hansard.adapters.naming import framework_id, session_name
from hansard.client import AsyncHansard, Hansard, NotFound, SessionStart

_PAGE, _WRITES_AT_ONCE = 50, 1000
_EMPTY = "empty"
"""The type of a channel that has a version and no value."""
_LONGEST_FACT, _MOST_FACTS, _GREATEST_FACT = 256, 32, 2**53


class HansardSaver(BaseCheckpointSaver[str]):
    """Checkpoints of LangGraph, each thread a session, with its messages as a transcript.

    The async methods use ``async_client``, the others ``client``; without them it uses those of
    HANSARD_URL and HANSARD_API_KEY. A thread's first checkpoint creates its session with the fields
    of ``start``. The list that the channel ``messages`` holds is appended to the session as it
    grows; ``transcript=None`` leaves that out. Raises what the client raises.
    """

    def __init__(
        self,
        client: Hansard | None = None,
        async_client: AsyncHansard | None = None,
        *,
        start: SessionStart | None = None,
        transcript: str | None = "messages",
        serde: SerializerProtocol | None = None,
    ) -> None:
        super().__init__(serde=serde)
        self._clients = Clients(client, async_client)
        self._start: SessionStart = {"channel": "langgraph", **(start or {})}
        self._transcript = Transcript(transcript)

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """The checkpoint that the configuration names, else the newest of its namespace."""
        with suppress(NotFound):
            rows = self._clients.sync.checkpoints.list(**_single(config)).first(1)
            return self._tuple(rows[0], config) if rows else None
        return None

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """As ``get_tuple``."""
        with suppress(NotFound):
            rows = await self._clients.aio.checkpoints.list(**_single(config)).first(1)
            return self._tuple(rows[0], config) if rows else None
        return None

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """Checkpoints, the newest first; of all threads without a configuration."""
        count = 0
        if limit == 0:
            return
        with suppress(NotFound):
            for row in self._clients.sync.checkpoints.list(**_many(config, filter, before, limit)):
                each = self._tuple(row, config)
                if _matches(each, filter):
                    count += 1
                    yield each
                if count == limit:
                    return

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """As ``list``."""
        count = 0
        if limit == 0:
            return
        with suppress(NotFound):
            listing = self._clients.aio.checkpoints.list(**_many(config, filter, before, limit))
            async for row in listing:
                each = self._tuple(row, config)
                if _matches(each, filter):
                    count += 1
                    yield each
                if count == limit:
                    return

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Store a checkpoint and what the transcript lacks, in one transaction."""
        call = self._put(config, checkpoint, metadata, new_versions)
        self._clients.sync.checkpoints.put(**call)
        return self._stored(config, checkpoint)

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """As ``put``."""
        call = self._put(config, checkpoint, metadata, new_versions)
        await self._clients.aio.checkpoints.put(**call)
        return self._stored(config, checkpoint)

    def put_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Store what a task wrote since the checkpoint."""
        for call in self._writes(config, writes, task_id, task_path):
            self._clients.sync.checkpoints.write(**call)

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """As ``put_writes``."""
        for call in self._writes(config, writes, task_id, task_path):
            await self._clients.aio.checkpoints.write(**call)

    def delete_thread(self, thread_id: str) -> None:
        """Delete the thread's session for ever, with its checkpoints and its transcript."""
        self._transcript.forget(thread_id)
        with suppress(NotFound):
            self._clients.sync.sessions.delete(session_name(thread_id))

    async def adelete_thread(self, thread_id: str) -> None:
        """As ``delete_thread``."""
        self._transcript.forget(thread_id)
        with suppress(NotFound):
            await self._clients.aio.sessions.delete(session_name(thread_id))

    def delete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Delete the checkpoints of runs, in whatever threads."""
        for run in run_ids:
            self._clients.sync.checkpoints.delete_run(run)

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """As ``delete_for_runs``."""
        for run in run_ids:
            await self._clients.aio.checkpoints.delete_run(run)

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copy a thread with all that it has; nothing where it is not there."""
        with suppress(NotFound):
            source, target = session_name(source_thread_id), session_name(target_thread_id)
            self._clients.sync.sessions.copy(source, id=target)

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """As ``copy_thread``."""
        with suppress(NotFound):
            source, target = session_name(source_thread_id), session_name(target_thread_id)
            await self._clients.aio.sessions.copy(source, id=target)

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Keep the newest checkpoint of each namespace; with ``delete`` nothing of the threads."""
        for thread in thread_ids:
            if strategy == "delete":
                self.delete_thread(thread)
            else:
                with suppress(NotFound):
                    self._clients.sync.checkpoints.prune(session_name(thread), 1)

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """As ``prune``."""
        for thread in thread_ids:
            if strategy == "delete":
                await self.adelete_thread(thread)
            else:
                with suppress(NotFound):
                    await self._clients.aio.checkpoints.prune(session_name(thread), 1)

    def get_next_version(self, current: str | None, channel: None) -> str:  # noqa: ARG002 - LangGraph's signature
        """A version that is greater, and that no other branch of the thread draws as well."""
        number = 0 if current is None else int(str(current).split(".")[0])
        return f"{number + 1:032}.{random.random():016}"  # noqa: S311 - it need not be secret

    def _put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> dict[str, Any]:
        """The parameters of the client's ``put``."""
        thread, ns = _of(config)
        values, versions = checkpoint["channel_values"], checkpoint["channel_versions"]
        inline = {name: value for name, value in values.items() if name not in versions}
        type, data = self.serde.dumps_typed({**checkpoint, "channel_values": inline})
        whole = get_checkpoint_metadata(config, metadata)
        meta_type, meta = self.serde.dumps_typed(whole)
        return {
            "session": session_name(thread),
            "id": checkpoint["id"],
            "ns": ns,
            "parent": config["configurable"].get("checkpoint_id"),
            "run": whole.get("run_id"),
            "type": type,
            "data": data,
            "meta_type": meta_type,
            "meta": meta,
            "facts": _facts(whole),
            "versions": {name: str(version) for name, version in versions.items()},
            "blobs": [self._blob(name, new_versions[name], values) for name in new_versions],
            "start": self._start,
            "messages": [] if ns else self._transcript.lacking(thread, values, new_versions),
        }

    def _blob(self, channel: str, version: object, values: Mapping[str, Any]) -> api.CheckpointBlob:
        type, data = _EMPTY, None
        if channel in values:
            type, data = self.serde.dumps_typed(values[channel])
        return {"channel": channel, "version": str(version), "type": type, "data": data}

    def _stored(self, config: RunnableConfig, checkpoint: Checkpoint) -> RunnableConfig:
        """The configuration of a checkpoint that was stored."""
        thread, ns = _of(config)
        if not ns:
            self._transcript.has(thread, checkpoint["channel_values"])
        return _config(thread, ns, checkpoint["id"])

    def _writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str,
    ) -> Iterator[dict[str, Any]]:
        """The parameters of the client's ``write``, for each call of it."""
        thread, ns = _of(config)
        rows = [
            {"idx": WRITES_IDX_MAP.get(channel, index), "channel": channel}
            | dict(zip(("type", "data"), self.serde.dumps_typed(value), strict=True))
            for index, (channel, value) in enumerate(writes)
        ]
        for first in range(0, len(rows), _WRITES_AT_ONCE):
            yield {
                "session": session_name(thread),
                "checkpoint": config["configurable"]["checkpoint_id"],
                "task": task_id,
                "writes": rows[first : first + _WRITES_AT_ONCE],
                "ns": ns,
                "path_in_task": task_path,
                "start": self._start,
            }

    def _tuple(self, row: api.Checkpoint, config: RunnableConfig | None) -> CheckpointTuple:
        thread = framework_id(row.session_id) if config is None else _of(config)[0]
        checkpoint = self.serde.loads_typed((row.type, row.data))
        for blob in row.blobs:
            if blob.type != _EMPTY and blob.data is not None:
                value = self.serde.loads_typed((blob.type, blob.data))
                checkpoint["channel_values"][blob.channel] = value
        writes = [
            (each.task, each.channel, self.serde.loads_typed((each.type, each.data)))
            for each in row.writes
        ]
        return CheckpointTuple(
            _config(thread, row.ns, row.id),
            checkpoint,
            self.serde.loads_typed((row.meta_type, row.meta)),
            _config(thread, row.ns, row.parent) if row.parent else None,
            writes,
        )


def _of(config: RunnableConfig) -> tuple[str, str]:
    """The thread and the namespace."""
    names = config["configurable"]
    return str(names["thread_id"]), names.get("checkpoint_ns", "")


def _config(thread: str, ns: str, id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread, "checkpoint_ns": ns, "checkpoint_id": id}}


def _single(config: RunnableConfig) -> dict[str, Any]:
    thread, ns = _of(config)
    name, id = session_name(thread), get_checkpoint_id(config)
    return {"session": name, "ns": ns, "id": id, "page_size": 1}


def _many(
    config: RunnableConfig | None,
    filter: Mapping[str, Any] | None,
    before: RunnableConfig | None,
    limit: int | None,
) -> dict[str, Any]:
    query: dict[str, Any] = {
        "facts": _facts(filter or {}),
        "before": get_checkpoint_id(before) if before else None,
        "page_size": _PAGE if limit is None else max(1, min(limit, _PAGE)),
    }
    if config is None:
        return query
    return query | {
        "session": session_name(_of(config)[0]),
        "ns": config["configurable"].get("checkpoint_ns"),
        "id": get_checkpoint_id(config),
    }


def _facts(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The part of metadata by which the server can find checkpoints: short texts and integers."""
    facts = {name: value for name, value in metadata.items() if _is_fact(name, value)}
    return dict([*facts.items()][:_MOST_FACTS])


def _is_fact(name: str, value: object) -> bool:
    if ":" in name or not 0 < len(name) <= _LONGEST_FACT:
        return False
    if isinstance(value, str):
        return len(value) <= _LONGEST_FACT and value.isprintable()
    return isinstance(value, int) and abs(value) <= _GREATEST_FACT


def _matches(each: CheckpointTuple, filter: Mapping[str, Any] | None) -> bool:
    """Whether the metadata has all that is asked for, also what is no fact."""
    metadata: Mapping[str, Any] = each.metadata
    return all(metadata.get(name) == value for name, value in (filter or {}).items())
