"""Writers that remember what was acknowledged, and the audit of what is there afterwards."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import httpx

GIVE_UP = 60.0


@dataclass
class Figures:
    """What an audit found.

    `doubled` are messages beyond the first of their token, `gaps` numbers that are missing or
    twice. `faults` are what `verify` finds in the store that is left, `overdue` what took longer
    than is promised.
    """

    acknowledged: int
    stored: int
    lost: int
    doubled: int
    gaps: int
    moved: int = 0
    faults: int = 0
    overdue: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            *(getattr(self, field.name) + getattr(other, field.name) for field in fields(self))
        )

    def __str__(self) -> str:
        return (
            f"acknowledged {self.acknowledged}, stored {self.stored}, lost {self.lost}, doubled "
            f"{self.doubled}, gaps {self.gaps}"
            f", answered otherwise than stored {self.moved}, faults {self.faults}"
            f"{', overdue ' + str(self.overdue) if self.overdue else ''}"
        )

    @property
    def is_clean(self) -> bool:
        return not (
            self.lost or self.doubled or self.gaps or self.moved or self.faults or self.overdue
        )


@dataclass
class Ledger:
    """The tokens that writers sent, and where the answers say that they are.

    For those acknowledged the session, the seq and the id.
    """

    acknowledged: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    refused: Counter[int] = field(default_factory=Counter)
    retried: int = 0
    replayed: int = 0

    def audit(self, stored: dict[str, Sequence[tuple[int, str, str]]]) -> Figures:
        """Compare with what is stored: for each session (seq, id, token) in the order of seq."""
        positions: dict[str, list[tuple[str, int, str]]] = {}
        gaps = 0
        for session, messages in stored.items():
            gaps += sum(seq != expected for expected, (seq, _, _) in enumerate(messages, 1))
            for seq, ident, token in messages:
                positions.setdefault(token, []).append((session, seq, ident))
        return Figures(
            acknowledged=len(self.acknowledged),
            stored=sum(map(len, stored.values())),
            lost=sum(token not in positions for token in self.acknowledged),
            doubled=sum(len(copies) - 1 for copies in positions.values()),
            gaps=gaps,
            moved=sum(
                token in positions and position not in positions[token]
                for token, position in self.acknowledged.items()
            ),
        )


class Writers:
    """`count` writers that append to `sessions` until they are told to stop.

    What has no answer is sent again, with the same key. With several `clients`, one for each
    server, the writers are spread over them, and go on to the next where one does not answer.
    """

    def __init__(
        self,
        clients: httpx.AsyncClient | Sequence[httpx.AsyncClient],
        sessions: Sequence[str],
        count: int,
        *,
        seed: int = 0,
    ) -> None:
        self.ledger = Ledger()
        self._clients = [clients] if isinstance(clients, httpx.AsyncClient) else list(clients)
        self._sessions = sessions
        self._stopping = asyncio.Event()
        self._tasks = [
            asyncio.create_task(self._write(number, random.Random(seed * 1000 + number)))
            for number in range(count)
        ]

    async def stop(self) -> Ledger:
        """Let what is under way be answered."""
        self._stopping.set()
        await asyncio.wait_for(asyncio.gather(*self._tasks), GIVE_UP)
        return self.ledger

    async def until(self, acknowledged: int) -> None:
        while len(self.ledger.acknowledged) < acknowledged:
            if failed := [task for task in self._tasks if task.done()]:
                await failed[0]
            await asyncio.sleep(0.005)

    async def _write(self, number: int, chance: random.Random) -> None:
        while not self._stopping.is_set():
            session, token = chance.choice(self._sessions), secrets.token_hex(8)
            headers, message = {}, {"role": "user", "text": token}
            if chance.random() < 0.5:
                headers["Idempotency-Key"] = token
            else:
                message["client_id"] = token
            path, body = f"/v1/sessions/{session}/messages", {"messages": [message]}
            answer = await self._answered(number, path, body, headers)
            if answer.status_code == 201:
                stored = answer.json()["data"][0]
                self.ledger.acknowledged[token] = (session, stored["seq"], stored["id"])
                self.ledger.replayed += "idempotent-replayed" in answer.headers
            else:
                raise AssertionError(f"an append was answered {answer.status_code}: {answer.text}")

    async def _answered(
        self, number: int, path: str, body: object, headers: dict[str, str]
    ) -> httpx.Response:
        """The answer of the writer's own server, or of the next where that one does not answer."""
        pause = 0.01
        while True:
            client = self._clients[number % len(self._clients)]
            try:
                answer = await client.post(path, json=body, headers=headers)
            except httpx.TransportError:
                self.ledger.retried += 1
                number += 1
            else:
                if answer.status_code not in {409, 429, 500, 503, 507}:
                    return answer
                assert answer.status_code == 500 or "retry-after" in answer.headers, answer.text
                self.ledger.refused[answer.status_code] += 1
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.25)


async def start_sessions(client: httpx.AsyncClient, count: int) -> list[str]:
    names = [f"load-{number}" for number in range(count)]
    for name in names:
        (await client.post("/v1/sessions", json={"id": name})).raise_for_status()
    return names


async def read_all(
    client: httpx.AsyncClient, sessions: Sequence[str]
) -> dict[str, Sequence[tuple[int, str, str]]]:
    """Every message of the sessions as (seq, id, token), read as any client would."""
    by_session: dict[str, Sequence[tuple[int, str, str]]] = {}
    for session in sessions:
        messages: list[tuple[int, str, str]] = []
        cursor = None
        while True:
            parameters = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
            page = (
                (await client.get(f"/v1/sessions/{session}/messages", params=parameters))
                .raise_for_status()
                .json()
            )
            messages += [
                (item["seq"], item["id"], item["parts"][0]["content"]) for item in page["data"]
            ]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        by_session[session] = messages
    return by_session
