"""An observer that keeps what it hears, for tests of what is there to be heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from hansard.observer import Observer, SeenRequest


class Recorder(Observer):
    def __init__(self) -> None:
        self.requests: list[SeenRequest] = []
        self.statements: list[str] = []
        self.commits: list[int] = []
        self.retries: list[str] = []
        self.rounds: list[tuple[str, int, str | None]] = []
        self._moved = asyncio.Event()

    def request(self, request: SeenRequest) -> None:
        self.requests.append(request)

    def statement(self, name: str, seconds: float) -> None:
        assert seconds >= 0
        self.statements.append(name)

    def commit(self, transactions: int, seconds: float) -> None:
        assert seconds > 0
        self.commits.append(transactions)

    def retry(self, reason: str) -> None:
        self.retries.append(reason)

    def background(self, task: str, seconds: float, done: int, error: str | None) -> None:
        assert seconds >= 0
        self.rounds.append((task, done, error))
        self._moved.set()

    async def until(self, is_true: Callable[[], bool]) -> None:
        """Wait for a round of a background task that makes this true."""
        async with asyncio.timeout(20):
            while not is_true():
                self._moved.clear()
                await self._moved.wait()

    def last(self, **facts: Any) -> SeenRequest:
        """The newest request with these facts."""
        return next(
            request
            for request in reversed(self.requests)
            if all(getattr(request, name) == value for name, value in facts.items())
        )
