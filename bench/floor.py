"""The floor: a constant body from a raw ASGI callable.

Nothing in Python on uvicorn can answer faster.

usage: python bench/floor.py PORT

``GET /N`` answers a constant body of N bytes, with the headers that a JSON answer has.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

Event = MutableMapping[str, Any]
Answer = tuple[Event, Event]

_answers: dict[str, Answer] = {}


def _answer(path: str) -> Answer:
    size = int(path[1:])
    headers = [(b"content-type", b"application/json"), (b"content-length", str(size).encode())]
    start: Event = {"type": "http.response.start", "status": 200, "headers": headers}
    body: Event = {"type": "http.response.body", "body": b"x" * size}
    _answers[path] = start, body
    return start, body


async def app(
    scope: Event, _: Callable[[], Awaitable[Event]], send: Callable[[Event], Awaitable[None]]
) -> None:
    """Answer whatever is asked with as many bytes as the path says."""
    start, body = _answers.get(scope["path"]) or _answer(scope["path"])
    await send(start)
    await send(body)


if __name__ == "__main__":
    uvicorn.run(
        app,
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_level="warning",
    )
