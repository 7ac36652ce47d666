"""Three servers on one database under mixed load, of which each may end and be replaced.

A replacement is a server on a port of its own, as an orchestrator would start it: so the counters
of the one that ended stand still, and no counter begins anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.reliability.live import Live
from tests.reliability.load import Ledger

Kind = tuple[str, str, int]
"""The method, route and status of an answer, as the metrics name them."""
SESSIONS = [f"load-{number}" for number in range(6)]
WORKED_ON = [f"work-{number}" for number in range(2)]
LEASE_SECONDS = 1.0
"""Of a run whose worker dies; long beside what a request takes."""
READS = (
    "/v1/sessions?total=true",
    "/v1/sessions?state=interrupted&total=true",
    "/v1/sessions/load-0",
    "/v1/sessions/load-1/messages?limit=200",
    "/v1/sessions/work-0/runs",
    "/api/sessions",
    "/ai-sessions?messages=true",
)
_NAMES = re.compile(r"(?<=/v1/sessions/)[^/]+")
_RUNS = re.compile(r"(?<=/runs/)[^/]+")


@dataclass(eq=False)
class Target:
    """A server, and what its clients were answered: at which second of the clock on the wall."""

    live: Live
    client: httpx.AsyncClient
    answered: list[tuple[float, Kind]] = field(default_factory=list)
    unanswered: int = 0

    def counted(self, until: float = float("inf")) -> Counter[Kind]:
        return Counter(kind for at, kind in self.answered if at < until)

    async def ask(
        self, method: str, path: str, json: object = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        try:
            answer = await self.client.request(method, path, json=json, headers=headers)
        except httpx.TransportError:
            self.unanswered += 1
            raise
        route = _RUNS.sub("{run_id}", _NAMES.sub("{session_id}", path.partition("?")[0]))
        self.answered.append((time.time(), (method, route, answer.status_code)))
        return answer


class MixedLoad:
    """Writers, readers, workers and a follower over the servers of ``targets``.

    ``stale`` is what was read and was older than what had been acknowledged; ``ended`` says of each
    run how it must have ended; ``events`` are the ids that the follower was sent.
    """

    def __init__(self, targets: list[Target]) -> None:
        self.targets = targets
        self.ledger = Ledger()
        self.stale: list[str] = []
        self.reads = 0
        self.ended: dict[tuple[str, str], str] = {}
        self.refused_runs = 0
        self.events: list[int] = []
        self._stopping = asyncio.Event()
        self._follower: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        for name in (*SESSIONS, *WORKED_ON):
            (await self._ask("POST", "/v1/sessions", {"id": name})).raise_for_status()
        self._follower = asyncio.create_task(self._follow())
        work = [self._write] * 6 + [self._work] * 4
        self._tasks = [
            asyncio.create_task(each(random.Random(number))) for number, each in enumerate(work)
        ]

    async def go_on(self) -> None:
        """Let the load do some more of everything; raises what one of its tasks raised."""
        appends, runs = len(self.ledger.acknowledged) + 20, len(self.ended) + 4
        until = time.monotonic() + 30
        while len(self.ledger.acknowledged) < appends or len(self.ended) < runs:
            assert time.monotonic() < until, "the load does not go on"
            ended, _ = await asyncio.wait(
                self._tasks, timeout=0.1, return_when=asyncio.FIRST_COMPLETED
            )
            for task in ended:
                await task

    async def stop(self) -> None:
        """Let what is under way be answered, and the leases of dead workers lapse."""
        self._stopping.set()
        await asyncio.wait_for(asyncio.gather(*self._tasks), 20)
        for session in WORKED_ON:
            await self._closed(session)

    async def followed(self, last: int) -> None:
        """Return when the follower was sent the event ``last``, and end it."""
        assert self._follower is not None
        until = time.monotonic() + 10
        while not self.events or self.events[-1] < last:
            assert time.monotonic() < until, f"the follower is at {self.events[-1:]}, not {last}"
            await asyncio.sleep(0.05)
        await self.end()

    async def end(self) -> None:
        """End what is left; a second time does nothing."""
        tasks = [*self._tasks, *filter(None, [self._follower])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(
        self, method: str, path: str, json: object = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """The answer of any server; one that does not answer is passed over."""
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = await random.choice(self.targets).ask(method, path, json, headers)
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    return answer
            self.ledger.retried += 1
            await asyncio.sleep(0.02)

    async def _write(self, chance: random.Random) -> None:
        while not self._stopping.is_set():
            session, token = chance.choice(SESSIONS), secrets.token_hex(8)
            body = {"messages": [{"role": "user", "text": token}]}
            path, headers = f"/v1/sessions/{session}/messages", {"Idempotency-Key": token}
            answer = await self._ask("POST", path, body, headers)
            while answer.status_code == httpx.codes.CONFLICT:  # the first try is under way yet
                answer = await self._ask("POST", path, body, headers)
            stored = answer.raise_for_status().json()["data"][0]
            self.ledger.acknowledged[token] = (session, stored["seq"], stored["id"])
            await self._read_back(chance, session, stored["seq"])

    async def _read_back(self, chance: random.Random, session: str, seq: int) -> None:
        """Any server must show at once what another has acknowledged: caches are exact."""
        own = f"/v1/sessions/{session}"
        path = chance.choice(("/v1/sessions?limit=50", own, f"{own}/messages?order=desc&limit=1"))
        shown = _last_seq((await self._ask("GET", path)).raise_for_status().json(), session)
        self.reads += 1
        if shown < seq:
            self.stale.append(f"{path} shows {shown} after {seq}")

    async def _work(self, chance: random.Random) -> None:
        """A worker takes a session for itself, and ends its run or dies with it."""
        while not self._stopping.is_set():
            session, run, dies = (
                chance.choice(WORKED_ON),
                secrets.token_hex(4),
                chance.random() < 1 / 3,
            )
            path = f"/v1/sessions/{session}/runs"
            lease = LEASE_SECONDS if dies else 60
            draft = {"id": run, "exclusive": True, "lease_seconds": lease}
            answer = await self._ask("POST", path, draft)
            if answer.status_code == httpx.codes.CONFLICT:
                self.refused_runs += 1
                await asyncio.sleep(0.05)
                continue
            answer.raise_for_status()
            self.ended[session, run] = "interrupted" if dies else "completed"
            if not dies:
                await self._ask("POST", f"{path}/{run}/heartbeat", {})
                await self._ask("POST", f"{path}/{run}/finish", {"state": "completed"})

    async def _closed(self, session: str) -> None:
        until = time.monotonic() + 15
        while (await self._ask("GET", f"/v1/sessions/{session}")).json()["state"] == "running":
            assert time.monotonic() < until, f"nobody ends the lapsed run of {session}"
            await asyncio.sleep(0.1)

    async def _follow(self) -> None:
        """One reader of the events: where its server ends, it goes on at another."""
        while True:
            headers = {"Last-Event-ID": str(self.events[-1] if self.events else 0)}
            client = random.choice(self.targets).client
            with contextlib.suppress(httpx.TransportError):
                async with client.stream("GET", "/v1/events", headers=headers) as stream:
                    async for event in _events(stream):
                        self.events.append(event)
            await asyncio.sleep(0.02)


async def _events(stream: httpx.Response) -> AsyncIterator[int]:
    """The ids of the events of a stream, without the first one, which says that it begins."""
    ident, name = 0, ""
    async for line in stream.aiter_lines():
        if line.startswith("id:"):
            ident = int(line[3:])
        elif line.startswith("event:"):
            name = line[6:].strip()
        elif not line:
            if ident and name != "hello":
                yield ident
            ident, name = 0, ""


def _last_seq(body: dict[str, Any], session: str) -> int:
    """The number of a session's last message, from a list, the session or its last message."""
    items = [
        item for item in body.get("data", [body]) if session in {item["id"], item.get("session_id")}
    ]
    return int(max(item.get("last_seq", item.get("seq")) for item in items))


def faults_of_events(
    events: list[dict[str, Any]], stored: dict[str, set[int]], uids: dict[str, str]
) -> list[str]:
    """What the events of the workspace lack, say twice, or say of two runs at one time.

    ``stored`` are the seqs of each session by its name, ``uids`` their names by uid.
    """
    appended: dict[str, list[int]] = {name: [] for name in stored}
    running: Counter[str] = Counter()
    faults = []
    for event in events:
        name = uids[event["session_id"]]
        if event["type"] == "message.appended":
            appended[name].append(event["seq"])
        running[name] += (event["type"] == "run.started") - (event["type"] == "run.finished")
        if running[name] not in {0, 1}:
            faults.append(f"{running[name]} runs of {name} at event {event['id']}")
    for name, seqs in appended.items():
        if seqs != sorted(stored[name]):
            faults.append(f"{name} has {len(stored[name])} messages, and events of {len(seqs)}")
    return faults
