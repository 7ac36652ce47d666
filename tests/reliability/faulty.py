"""A server with faults seeded into it, so that the tests can show that they would find them.

python -m tests.reliability.faulty FAULT[,FAULT…] serve --store sqlite:///FILE
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Raw
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hansard import byte_cache
from hansard.cli import main, server
from hansard.fair_threads import Job
from hansard.http import bodies, decoding
from hansard.service import Service, rules
from hansard.service.cache_lease import CacheLease
from hansard.store import chain, statements
from hansard.store.postgres.watchdog import Watchdog
from hansard.store.sqlite import writer
from hansard.store.sqlite.connection import Connection
from hansard.store.sqlite.file_identity import FileIdentity
from hansard.store.steps import Steps
from hansard.store.verbs import append_batch, appends
from hansard.store.verbs.session_lookup import AppendHead


def acknowledge_early() -> None:
    """Say that a write is durable before it is: one commit in half a second."""
    last = time.monotonic()

    def commit(_self: writer.Writer, connection: Connection, group: Sequence[Job[Any]]) -> None:
        nonlocal last
        if not connection.db.in_transaction:
            connection.db.execute("begin immediate")
        for job in group:
            writer._attempt(connection, job)
        if time.monotonic() - last > 0.5:
            connection.db.execute("commit")
            last = time.monotonic()

    setattr(writer.Writer, "_commit", commit)  # noqa: B010 - a fault has no types


def forget_keys() -> None:
    """Do everything again that comes again."""

    def guarded(
        _once: object, _workspace_id: str, _now: int, verb: Callable[[], Steps[Any]]
    ) -> Steps[Any]:
        return (yield from verb())

    setattr(rules, "guarded", guarded)  # noqa: B010 - a fault has no types
    setattr(append_batch, "_take_keys", lambda _workspace, ones: _all(ones))  # noqa: B010 - a fault has no types
    setattr(append_batch, "_settle_keys", lambda *_: _nothing())  # noqa: B010 - a fault has no types


def _all(ones: Sequence[Any]) -> Steps[set[int]]:
    yield from ()
    return set(range(len(ones)))


def _nothing() -> Steps[None]:
    yield from ()


def unbounded_heads() -> None:
    """Take a head of any size, for as long as it comes."""
    setattr(server, "bounded", lambda _seconds: HttpToolsProtocol)  # noqa: B010 - a fault has no types


def restart_chains() -> None:
    """Read the last hash beside the lock, and begin the chain again where there is none."""
    load = statements.load
    ours = "case when hash_seq = last_seq then last_hash end"
    theirs = (
        "(select hash from messages as m where m.workspace_id = :workspace_id"
        " and m.session_id = sessions.id and m.seq = sessions.last_seq)"
    )

    def loaded(backend: str) -> dict[str, str]:
        named = load(backend)
        for name in ("session_peek", "session_peek_many"):
            assert ours in named[name]
            named[name] = named[name].replace(ours, theirs)
        return named

    def linked(_workspace_id: str, head: AppendHead) -> Steps[bytes]:
        yield from ()
        return head.hash or chain.ROOT

    setattr(statements, "load", loaded)  # noqa: B010 - a fault has no types
    setattr(appends, "linked", linked)  # noqa: B010 - a fault has no types


def caches_without_a_bound() -> None:
    """Keep what every request was read as, whatever it said, for ever."""

    def put(self: Any, key: Any, value: Any, group: str = "", **_: object) -> None:
        self._young.setdefault(group, {})[key] = (value, 0)

    def read(self: Any, query: bytes) -> Any:
        if (params := decoding._queries.get((query, self))) is None:
            params, _ = self._decode(query)
            decoding._queries.put((query, self), params)
        return params

    setattr(byte_cache.ByteCache, "put", put)  # noqa: B010 - a fault has no types
    setattr(decoding.QueryReader, "read", read)  # noqa: B010 - a fault has no types


def ignore_files() -> None:
    """Write on, whatever became of the store's file."""
    setattr(FileIdentity, "check", lambda _self: None)  # noqa: B010 - a fault has no types


def deaf_to_erasures() -> None:
    """Never look whether another process erased something."""

    async def renew(_self: CacheLease) -> None:
        byte_cache.resume()

    setattr(CacheLease, "renew", renew)  # noqa: B010 - a fault has no types


def show_caches() -> None:
    """Not a fault: on SIGUSR1, write every entry of every cache into the file ``caches-PID``."""

    def show(_number: int, _frame: object) -> None:
        text = "\n".join(
            repr([bytes(part) if isinstance(part, Raw) else part for part in _flat(entry)])
            for cache in byte_cache.caches()
            for entry in cache.items()
        )
        path = Path(f"caches-{os.getpid()}")
        path.with_suffix(".new").write_text(text)
        path.with_suffix(".new").rename(path)

    signal.signal(signal.SIGUSR1, show)


def _flat(entry: Any) -> list[Any]:
    return [leaf for part in entry for leaf in _flat(part)] if isinstance(entry, tuple) else [entry]


def bodies_on_the_loop() -> None:
    """Read every body on the event loop, however long it is."""
    setattr(bodies, "is_long", lambda _data: False)  # noqa: B010 - a fault has no types


def no_watchdog() -> None:
    """Wait for an answer of the database for as long as a statement may take."""
    setattr(Watchdog, "watch", lambda _self: asyncio.sleep(1e6))  # noqa: B010 - a fault has no types


def settable_clock() -> None:
    """The wall clock is off by the seconds that the file `clock` of the working directory says.

    No fault of the server.
    """
    file, real = Path("clock"), time.time_ns

    def shown() -> int:
        return real() + (int(file.read_text()) * 1_000_000_000 if file.exists() else 0)

    setattr(time, "time_ns", shown)  # noqa: B010 - a fault has no types
    setattr(time, "time", lambda: shown() / 1e9)  # noqa: B010 - a fault has no types


def wall_clock_ages() -> None:
    """Let what is remembered grow old by the wall clock."""
    defaults: dict[str, Any] = getattr(Service.__init__, "__kwdefaults__")  # noqa: B009 - a function has some
    defaults["monotonic"] = time.time


FAULTS = {
    "bodies-on-the-loop": bodies_on_the_loop,
    "no-watchdog": no_watchdog,
    "settable-clock": settable_clock,
    "wall-clock-ages": wall_clock_ages,
    "deaf-to-erasures": deaf_to_erasures,
    "show-caches": show_caches,
    "caches-without-a-bound": caches_without_a_bound,
    "ignore-files": ignore_files,
    "unbounded-heads": unbounded_heads,
    "acknowledge-early": acknowledge_early,
    "forget-keys": forget_keys,
    "restart-chains": restart_chains,
}

if __name__ == "__main__":
    for name in sys.argv[1].split(","):
        FAULTS[name]()
    main(sys.argv[2:])
