"""The whole benchmark: make the data, start everybody, run every contest, tell it in one table."""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop
from msgspec import Struct

from hansard_bench import footprint, growth, machine, peer_contests, reads, writes
from hansard_bench.baselines import KEY, Idiomatic, floor, scripts
from hansard_bench.busy_list import busy_list
from hansard_bench.competitors import Arena, Store
from hansard_bench.dataset_facts import Facts
from hansard_bench.fill import fill
from hansard_bench.locations import locations_of
from hansard_bench.measure import EFFORTS, THOROUGH
from hansard_bench.neighbours import neighbours
from hansard_bench.peers import Peer
from hansard_bench.records import PLANS, Maker
from hansard_bench.servers import cores, free_port, pinned, running
from hansard_bench.table import Report, Row
from hansard_bench.targets import TARGETS
from hansard_bench.telemetry import telemetry
from hansard_bench.wire import Load, Unexpected

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from hansard_bench.peer_contests import Share
    from hansard_bench.servers import Server

    Contest = Callable[[Arena], Coroutine[None, None, list[Row]]]

CONTESTS: tuple[Contest, ...] = (
    reads.written_list,
    busy_list,
    reads.unchanged_list,
    reads.dialect_lists,
    reads.history,
    writes.appends,
    reads.search,
    reads.behind_writes,
    growth.growth,
    writes.mixed,
    neighbours,
    telemetry,
)

SMALLER = {"tiny": "tinier", "quick": "small", "10k": "small", "100k": "10k", "full": "10k"}
"""The store that growth is measured from."""


class Options(Struct, frozen=True, kw_only=True):
    """What to run.

    ``size`` is the name of a plan, ``store`` says the kind and place of the store, ``soak`` is in
    minutes.
    """

    size: str = "full"
    store: str = ""
    peers: tuple[str, ...] = ()
    idiomatic: bool = True
    reuse: bool = False
    only: tuple[str, ...] = ()
    soak: float = 0
    build: Path = Path("build/bench")


class Filled(Struct, frozen=True):
    """A store with data in it."""

    url: str
    facts: Facts


class Run:
    """One run from its options to its report; ``tell`` hears what is going on."""

    def __init__(self, options: Options, tell: Callable[[str], None]) -> None:
        self._options = options
        self._tell = tell
        self._build = options.build.absolute()
        self._build.mkdir(parents=True, exist_ok=True)
        self._places = locations_of(options.store, self._build)
        self._targets = TARGETS[self._places.kind]
        self._effort = EFFORTS.get(options.size, THOROUGH)
        self._stack = ExitStack()

    def report(self) -> Report:
        """Do everything; servers are ended whatever happens."""
        began = time.monotonic()
        small, full = self._filled(SMALLER[self._options.size]), self._filled(self._options.size)
        rows = [footprint.loaded(full.facts, self._targets)]
        with self._stack:
            rows += self._contests(small, full)
        rows.append(footprint.on_disk(full.facts, self._targets))
        rows += self._rivals()
        facts = {
            "sessions": full.facts.session_count,
            "messages": full.facts.message_count,
            "raw_bytes": full.facts.raw_bytes,
        }
        return Report(
            size=self._options.size,
            store=self._places.kind,
            machine=machine.describe(),
            facts=facts,
            rows=rows,
            seconds=time.monotonic() - began,
        )

    def _contests(self, small: Filled, full: Filled) -> list[Row]:
        constant = self._start(floor(self._build))
        server = self._start(self._serving(full))
        arena = Arena(
            ours=_store(server, full.facts),
            small=_store(self._start(self._serving(small)), small.facts),
            floor=Load(constant.port),
            idiomatic=self._idiomatic(full.facts),
            neighbour=_store(server, full.facts, key=full.facts.neighbour_key)
            if full.facts.neighbour_key
            else None,
            targets=self._targets,
            effort=self._effort,
        )
        rows = []
        with pinned(cores()[1]):
            for contest in CONTESTS:
                if self._options.only and contest.__name__ not in self._options.only:
                    continue
                self._tell(f"{contest.__module__.rpartition('.')[2]}: {contest.__name__}")
                rows += uvloop.run(_measured_lines(contest, arena))
            if self._options.soak:
                self._tell(f"soak: {self._options.soak:g} minutes")
                rows += uvloop.run(writes.soak(arena, self._options.soak, server.resident_bytes))
        return [*rows, footprint.resident(server.resident_bytes(), self._targets)]

    def _rivals(self) -> list[Row]:
        """The peers on data of their own.

        Each is served alone, so that it has the core for itself.
        """
        if not self._options.peers:
            return []
        mine = self._filled("peers")
        theirs: list[Share] = []
        with ExitStack() as stack:
            constant = Load(stack.enter_context(floor(self._build)).port)
            with self._serving(mine) as server, pinned(cores()[1]):
                store = _store(server, mine.facts)
                ours = uvloop.run(
                    peer_contests.shares(
                        "Hansard",
                        store.load,
                        constant,
                        peer_contests.ours(store, mine.facts.measured),
                        self._effort,
                    )
                )
            for name in self._options.peers:
                self._tell(f"peer: {name}")
                peer = Peer(name, scripts() / "peers", self._build)
                peer.install()
                peer.fill(Maker(PLANS["peers"]))
                with peer.running() as server, pinned(cores()[1]):
                    theirs += uvloop.run(
                        peer_contests.shares(
                            name, Load(server.port), constant, peer.requests(), self._effort
                        )
                    )
        return peer_contests.rows(ours, theirs)

    def _filled(self, size: str) -> Filled:
        url = self._places.ours(size)
        known = self._build / f"{self._places.kind}-{size}.json"
        if self._options.reuse and known.exists():
            return Filled(url, Facts.read(known))
        self._tell(f"making the data: {size}")
        self._places.empty(url)
        facts = uvloop.run(fill(url, Maker(PLANS[size])))
        facts.disk_bytes = self._places.on_disk(url)
        facts.write(known)
        return Filled(url, facts)

    def _idiomatic(self, facts: Facts) -> Store | None:
        if not self._options.idiomatic:
            return None
        size = self._options.size
        server = Idiomatic(self._build, self._places.idiomatic(size))
        known = self._build / f"{self._places.kind}-{size}-idiomatic.done"
        server.install()
        if not (self._options.reuse and known.exists()):
            self._tell("making the data of the idiomatic server")
            self._places.empty(self._places.idiomatic(size))
            server.fill(Maker(PLANS[size]))
            known.touch()
        return _store(self._start(server.running()), facts, key=KEY)

    def _serving(self, filled: Filled) -> AbstractContextManager[Server]:
        port = free_port()
        command = [
            sys.executable,
            "-m",
            "hansard",
            "serve",
            "--quiet",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--store",
            filled.url,
            "--access-log",
        ]
        return running(
            command, port, self._build / f"hansard-{filled.facts.plan}.log", folder=self._build
        )

    def _start(self, server: AbstractContextManager[Server]) -> Server:
        return self._stack.enter_context(server)


async def _measured_lines(contest: Contest, arena: Arena) -> list[Row]:
    """The rows of a contest; one that fails has a row that says so, and the others go on."""
    try:
        return await contest(arena)
    except (Unexpected, OSError, TimeoutError) as problem:
        return [
            Row(
                what=f"{contest.__name__}: failed",
                measured=f"{type(problem).__name__}: {problem}"[:120],
                reached=False,
            )
        ]


def _store(server: Server, facts: Facts, key: str | None = None) -> Store:
    return Store(
        load=Load(server.port),
        headers={"Authorization": f"Bearer {key or facts.key}"},
        sessions=tuple(facts.sessions),
        giant=facts.giant,
        common_word=facts.common_word,
        rare_word=facts.rare_word,
    )
