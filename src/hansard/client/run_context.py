"""A run as a context manager: it keeps its lease alive and finishes with the block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from types import TracebackType
from typing import Any, Self

from hansard.client import messages, runs
from hansard.client.errors import HansardError, Refused
from hansard.client.params import FinalState, NewMessage, OpenState, UsageFields
from hansard.client.requests import Request, is_transient
from hansard.client.structs import Message, Run
from hansard.client.wire import AsyncWire, Wire

BEATS = 3
"""Heartbeats per lease: two may be lost before it lapses."""


class Running:
    """A started run. A ``with`` block keeps its lease alive and finishes it at the end.

    The run is completed at the end of the block, failed when an exception leaves it, cancelled when
    that is KeyboardInterrupt. ``lost`` turns true when the server says that the run is over: an
    agent that looks at it can stop early.
    """

    def __init__(self, wire: Wire, run: Run, *, lease: float | None) -> None:
        self._wire = wire
        self._lease = lease
        self._over = threading.Event()
        self._beating: threading.Thread | None = None
        self.run = run
        self.lost = False

    @property
    def id(self) -> str:
        return self.run.id

    @property
    def session_id(self) -> str:
        return self.run.session_id

    @property
    def state(self) -> str:
        return self.run.state

    def append(self, *new: NewMessage, expected_seq: int | None = None) -> list[Message]:
        """Append messages that belong to this run."""
        return self._wire.send(_append(self.run, new, expected_seq))

    def heartbeat(self, *, state: OpenState | None = None) -> Run:
        """Keep the run alive for another lease, and say where it stands."""
        self.run = self._wire.send(runs.heartbeat(self.session_id, self.id, state=state))
        return self.run

    def finish(
        self,
        state: FinalState = "completed",
        *,
        error: str | None = None,
        usage: UsageFields | None = None,
    ) -> Run:
        """Finish the run and stop its heartbeats."""
        self._stop()
        self.run = self._wire.send(
            runs.finish(self.session_id, self.id, state=state, error=error, usage=usage)
        )
        return self.run

    def __enter__(self) -> Self:
        if self._lease is not None and _is_open(self.run):
            self._beating = threading.Thread(
                target=self._beat,
                args=(self._lease / BEATS,),
                name=f"heartbeat of {self.id}",
                daemon=True,
            )
            self._beating.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        if not _is_open(self.run):
            return
        try:
            self.finish(_end(error), error=_words(error))
        except HansardError as problem:
            if error is None and not _is_over(problem):
                raise
            self.lost = True

    def _beat(self, pause: float) -> None:
        while not self._over.wait(pause):
            try:
                self.lost = not _is_open(self.heartbeat())
            except HansardError as error:
                self.lost = not is_transient(error)
            if self.lost:
                return

    def _stop(self) -> None:
        self._over.set()
        if self._beating is not None:
            self._beating.join()
            self._beating = None


class AsyncRunning:
    """A run that starts when it is awaited, or entered with ``async with``.

    The block keeps the run's lease alive. The run is completed at its end, failed when an exception
    leaves it, cancelled when the task is. ``lost`` turns true when the server says that the run is
    over: an agent that looks at it can stop early.
    """

    run: Run

    def __init__(self, wire: AsyncWire, request: Request[Run], *, lease: float | None) -> None:
        self._wire = wire
        self._request = request
        self._lease = lease
        self._beating: asyncio.Task[None] | None = None
        self.lost = False

    @property
    def id(self) -> str:
        return self.run.id

    @property
    def session_id(self) -> str:
        return self.run.session_id

    @property
    def state(self) -> str:
        return self.run.state

    async def append(self, *new: NewMessage, expected_seq: int | None = None) -> list[Message]:
        """Append messages that belong to this run."""
        return await self._wire.send(_append(self.run, new, expected_seq))

    async def heartbeat(self, *, state: OpenState | None = None) -> Run:
        """Keep the run alive for another lease, and say where it stands."""
        self.run = await self._wire.send(runs.heartbeat(self.session_id, self.id, state=state))
        return self.run

    async def finish(
        self,
        state: FinalState = "completed",
        *,
        error: str | None = None,
        usage: UsageFields | None = None,
    ) -> Run:
        """Finish the run and stop its heartbeats."""
        await self._stop()
        self.run = await self._wire.send(
            runs.finish(self.session_id, self.id, state=state, error=error, usage=usage)
        )
        return self.run

    def __await__(self) -> Generator[Any, None, Self]:
        return self._started().__await__()

    async def __aenter__(self) -> Self:
        await self._started()
        if self._lease is not None and _is_open(self.run):
            self._beating = asyncio.create_task(
                self._beat(self._lease / BEATS), name=f"heartbeat of {self.id}"
            )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stop()
        if not _is_open(self.run):
            return
        try:
            await self.finish(_end(error), error=_words(error))
        except HansardError as problem:
            if error is None and not _is_over(problem):
                raise
            self.lost = True

    async def _started(self) -> Self:
        if not hasattr(self, "run"):
            self.run = await self._wire.send(self._request)
        return self

    async def _beat(self, pause: float) -> None:
        while True:
            await asyncio.sleep(pause)
            try:
                self.lost = not _is_open(await self.heartbeat())
            except HansardError as error:
                self.lost = not is_transient(error)
            if self.lost:
                return

    async def _stop(self) -> None:
        beating, self._beating = self._beating, None
        if beating is not None:
            beating.cancel()
            await asyncio.wait([beating])


def _append(
    run: Run, new: tuple[NewMessage, ...], expected_seq: int | None
) -> Request[list[Message]]:
    own: list[NewMessage] = [{"run_id": run.id, **message} for message in new]
    return messages.append(run.session_id, *own, expected_seq=expected_seq)


def _is_open(run: Run) -> bool:
    return run.finished_at is None


def _is_over(error: HansardError) -> bool:
    return isinstance(error, Refused) and error.code in {
        "run_finished",
        "run_open",
        "run_not_found",
        "session_not_found",
    }


def _end(error: BaseException | None) -> FinalState:
    if error is None:
        return "completed"
    return "failed" if isinstance(error, Exception) else "cancelled"


def _words(error: BaseException | None) -> str | None:
    if error is None:
        return None
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
