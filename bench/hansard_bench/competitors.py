"""Who takes part in a contest, and what each is asked."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from hansard_bench import wire
from hansard_bench.measure import Effort, Result, rounds
from hansard_bench.records import MARKED_WORD
from hansard_bench.targets import Targets
from hansard_bench.wire import Load, expect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from hansard_bench.wire import Answer, Sample

    Runner = Callable[[], Awaitable[Sample]]

CLIENTS, WRITERS, PAGE = 16, 64, 50
_QUESTION = (
    "Where is my order? It should have come yesterday, and nobody answers the phone. Please look "
    "into it today."
)
_WRITE_SIZE = 400


class Store(Struct, frozen=True, kw_only=True):
    """A filled server that speaks the native API, and where things are in its largest workspace."""

    load: Load
    headers: dict[str, str]
    sessions: tuple[str, ...]
    giant: str
    common_word: str
    rare_word: str
    marked_part: str = MARKED_WORD[1:]

    @property
    def common_part(self) -> str:
        return self.common_word[1:]

    def list(
        self,
        *,
        total: bool = True,
        cursor: str | None = None,
        target: str = "/v1/sessions",
        etag: str | None = None,
        title: str | None = None,
    ) -> bytes:
        query = (
            f"?limit={PAGE}"
            + (f"&title={quote(title)}" if title else "")
            + ("&total=true" if total else "")
            + (f"&cursor={quote(cursor)}" if cursor else "")
        )
        return wire.request(
            "GET", target + query, self.headers | ({"If-None-Match": etag} if etag else {})
        )

    def history(self, session: str, limit: int = PAGE) -> bytes:
        return wire.request(
            "GET", f"/v1/sessions/{session}/messages?limit={limit}&order=desc", self.headers
        )

    def append(self, session: str) -> bytes:
        body = {"messages": [{"role": "user", "parts": [{"type": "text", "content": _QUESTION}]}]}
        return wire.request(
            "POST", f"/v1/sessions/{session}/messages", self.headers, msgspec.json.encode(body)
        )

    def search(self, word: str) -> bytes:
        return wire.request("GET", f"/v1/search?q={quote(word)}&limit=20", self.headers)

    def appends(self) -> Iterator[bytes]:
        return itertools.cycle([self.append(session) for session in self.sessions[:200]])

    async def ask(self, data: bytes, *statuses: int) -> Answer:
        """One accepted answer."""
        answer = await self.load.ask(data)
        expect(*statuses or (200,))(answer)
        return answer

    async def json(self, data: bytes) -> Any:
        return msgspec.json.decode((await self.ask(data, 200, 201)).body)


class Arena(Struct, frozen=True, kw_only=True):
    """Everybody in one run.

    ``small`` holds the small data, ``idiomatic`` is None when it is not installed.

    ``neighbour`` is the same server by the key of another workspace; None where the data has none.
    """

    ours: Store
    small: Store
    floor: Load
    idiomatic: Store | None
    neighbour: Store | None
    targets: Targets
    effort: Effort

    async def saturate(
        self, contestants: Mapping[str, tuple[Load, Sequence[Iterator[bytes]]]], *statuses: int
    ) -> dict[str, Result]:
        """Contestants take turns under as much load as they can bear."""
        check = expect(*statuses or (200,))
        return await rounds(
            self.effort.rounds,
            {
                name: _saturating(load, sources, self.effort.seconds, check)
                for name, (load, sources) in contestants.items()
            },
        )

    async def in_turn(
        self,
        contestants: Mapping[str, tuple[Load, Callable[[], Iterator[tuple[bytes, bool]]]]],
        share: float = 1.0,
    ) -> dict[str, Result]:
        """Contestants take turns, each with one client.

        ``share`` of the effort's requests are timed.
        """
        count = max(5, int(self.effort.requests * share))
        check = expect(200, 201)
        return await rounds(
            self.effort.rounds,
            {
                name: _stepping(load, steps, count, check)
                for name, (load, steps) in contestants.items()
            },
        )

    def constant(self, size: int, clients: int = CLIENTS) -> tuple[Load, Sequence[Iterator[bytes]]]:
        """The floor under load, with answers of ``size`` bytes."""
        return self.floor, repeated(floor_request(size), clients)

    def constant_in_turn(
        self, size: int
    ) -> tuple[Load, Callable[[], Iterator[tuple[bytes, bool]]]]:
        """The floor with one client.

        Between any two reads is a write as small as an append's answer.
        """
        return self.floor, written(
            itertools.repeat(floor_request(_WRITE_SIZE)), floor_request(size)
        )


def floor_request(size: int) -> bytes:
    return wire.request("GET", f"/{size}")


def repeated(data: bytes, clients: int = CLIENTS) -> list[Iterator[bytes]]:
    return [itertools.repeat(data)] * clients


def written(writes: Iterator[bytes], read: bytes) -> Callable[[], Iterator[tuple[bytes, bool]]]:
    """A write before each read; only the reads are timed."""

    def steps() -> Iterator[tuple[bytes, bool]]:
        for write in writes:
            yield write, False
            yield read, True

    return steps


def unwritten(reads: Sequence[bytes]) -> Callable[[], Iterator[tuple[bytes, bool]]]:
    """Reads only, all timed."""
    return lambda: ((read, True) for read in itertools.cycle(reads))


def _saturating(
    load: Load, sources: Sequence[Iterator[bytes]], seconds: float, check: Callable[[Answer], None]
) -> Runner:
    return lambda: load.saturate(sources, seconds, check)


def _stepping(
    load: Load,
    steps: Callable[[], Iterator[tuple[bytes, bool]]],
    count: int,
    check: Callable[[Answer], None],
) -> Runner:
    return lambda: load.in_turn(steps, count, check)
