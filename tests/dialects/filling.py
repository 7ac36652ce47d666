"""What fills a store for the tests of the dialects.

Through the native API, as any program would.
"""

from __future__ import annotations

from typing import Any

import httpx

from hansard.model import times
from hansard.model.run import OPEN_STATES

UNKNOWN = "00000000-0000-7000-8000-000000000000"


class Clock:
    """A clock that stands until it is set.

    Every reading of a running one is a millisecond later.
    """

    def __init__(self) -> None:
        self.now = times.parse("2026-03-01T12:00:00Z")

    def __call__(self) -> int:
        return self.now

    def set(self, text: str) -> None:
        self.now = times.parse(text)

    def move(self, seconds: float) -> None:
        self.now += round(seconds * 1e6)


async def start(api: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    """A session, as the native API tells it."""
    session: dict[str, Any] = _created(await api.post("/v1/sessions", json=fields))
    return session


async def say(
    api: httpx.AsyncClient, session: str, *messages: tuple[str, str] | dict[str, Any]
) -> list[dict[str, Any]]:
    """Messages of a session: whole, or as a role and a text."""
    whole = [
        message if isinstance(message, dict) else {"role": message[0], "text": message[1]}
        for message in messages
    ]
    appended: list[dict[str, Any]] = _created(
        await api.post(f"/v1/sessions/{session}/messages", json={"messages": whole})
    )["data"]
    return appended


async def run(api: httpx.AsyncClient, session: str, state: str, **fields: Any) -> dict[str, Any]:
    """A run of the session that has come to this state.

    ``error`` and ``finished_at`` belong to its end.
    """
    ending = {name: fields.pop(name) for name in ("error", "finished_at") if name in fields}
    started: dict[str, Any] = _created(
        await api.post(
            f"/v1/sessions/{session}/runs",
            json=fields if state not in OPEN_STATES else {"state": state, **fields},
        )
    )
    if state not in OPEN_STATES:
        started = _created(
            await api.post(
                f"/v1/sessions/{session}/runs/{started['id']}/finish",
                json={"state": state, **ending},
            )
        )
    return started


def uuid_of(session: dict[str, Any]) -> str:
    uid: str = session["uid"]
    return uid.removeprefix("ses_")


def _created(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()
