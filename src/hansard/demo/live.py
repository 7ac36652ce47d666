"""One live session: messages arrive, its lease is renewed, then the next session begins."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from itertools import cycle
from random import Random

import msgspec

from hansard.access import Principal
from hansard.demo.scenes import LIVE, Play, scenes
from hansard.demo.script import SECOND, Entry, entries, opening
from hansard.model import RunDraft, RunPatch, SessionPatch
from hansard.service import Service

_LEASE = 20 * SECOND
HEARTBEAT = 5.0
_PAUSES = {"user": (4.0, 8.0), "assistant": (1.5, 4.0), "tool": (0.5, 2.0), "system": (0.0, 0.0)}


async def play_live(  # noqa: PLR0913 - each is a choice of its own
    service: Service,
    principal: Principal,
    on_session: Callable[[str], object],
    *,
    pace: float = 1.0,
    heartbeat: float = HEARTBEAT,
    rounds: int | None = None,
) -> None:
    """Perform live scenes one after the other until cancelled, or ``rounds`` of them.

    ``told`` hears each session's id.

    ``pace`` stretches the pauses; a run's lease is renewed every ``heartbeat`` seconds. A session
    that is broken off is left as cancelled.
    """
    for number, scene in enumerate(cycle(scenes(LIVE))):
        if number == rounds:
            return
        play = msgspec.structs.replace(
            scene.cast(0), id=f"demo-{scene.id}-{service.clock() // SECOND}-{number}"
        )
        live = _Live(service, principal, play, pace, heartbeat)
        await live.begin()
        on_session(play.id)
        await live.perform()
        await asyncio.sleep(2 * pace)


class _Live:
    def __init__(
        self,
        service: Service,
        principal: Principal,
        play: Play,
        pace: float,
        heartbeat: float,
    ) -> None:
        self._service, self._principal, self._play = service, principal, play
        self._pace, self._heartbeat = pace, heartbeat
        self._chance = Random(play.id)

    async def begin(self) -> None:
        await self._service.sessions.start(
            self._principal, opening(self._play, self._service.clock())
        )

    async def perform(self) -> None:
        """A run as long as the scene, with a heartbeat."""
        service, principal, name = self._service, self._principal, self._play.id
        _, run, _ = await service.runs.start(
            principal, name, RunDraft(agent=self._play.heading["agent"], lease_us=_LEASE)
        )
        beats = asyncio.create_task(self._beat(run.id))
        end = RunPatch(state="cancelled", error="the demo was stopped")
        try:
            for entry in entries(self._play, self._chance):
                await self._say(entry, run.id)
            end = RunPatch(state="completed")
        finally:
            beats.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beats
            await service.runs.update(principal, name, run.id, end)
        await service.sessions.update(principal, name, SessionPatch(resolution="resolved"))

    async def _say(self, entry: Entry, run_id: str) -> None:
        least, most = _PAUSES[entry.draft.role]
        await asyncio.sleep(self._chance.uniform(least, most) * self._pace)
        draft = msgspec.structs.replace(entry.draft, run_id=run_id if entry.answers else None)
        await self._service.messages.append(self._principal, self._play.id, [draft])

    async def _beat(self, run_id: str) -> None:
        while True:
            await asyncio.sleep(self._heartbeat)
            await self._service.runs.update(self._principal, self._play.id, run_id, RunPatch())
