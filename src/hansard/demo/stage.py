"""Plays performed through the service, on a clock of their own.

So the past looks as if it had been recorded then.
"""

from __future__ import annotations

from random import Random
from typing import cast

import msgspec

from hansard.access import Principal
from hansard.demo.scenes import Play
from hansard.demo.script import SECOND, entries, opening
from hansard.model import RunDraft, RunPatch, Session, SessionPatch
from hansard.model.run import OPEN_STATES, State
from hansard.model.session import Resolution
from hansard.service import Service

_LEASE = 3600 * SECOND
_PATIENT = {"queued", "waiting"}
"""How a session may be left for days: nobody works on it, so no lease lapses."""


class Clock:
    """A clock that is set by hand."""

    def __init__(self, at: int) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at


class Stage:
    """Performs one play in a workspace, beginning at ``at``."""

    def __init__(self, service: Service, principal: Principal, play: Play, at: int) -> None:
        self.clock = Clock(at)
        self.service = service.by_clock(self.clock)
        self.principal = principal
        self.play = play
        self.run: str | None = None

    async def perform(self) -> bool:
        """Play it to its end; False when the session was there already."""
        session, new = await self.service.sessions.start(
            self.principal, opening(self.play, self.clock.at)
        )
        if not new:
            return False
        for entry in entries(self.play, Random(self.play.id)):
            self.clock.at += entry.pause
            if entry.answers != (self.run is not None):
                await (self._begin() if entry.answers else self._finish("completed"))
            draft = msgspec.structs.replace(entry.draft, run_id=self.run)
            await self.service.messages.append(self.principal, self.play.id, [draft])
        await self._close(session)
        return True

    async def _begin(self, state: State = "running") -> None:
        heading = self.play.heading
        lease = None if heading["state"] in _PATIENT else _LEASE
        draft = RunDraft(
            state=state, agent=heading["agent"], model=heading["model"], lease_us=lease
        )
        _, run, _ = await self.service.runs.start(self.principal, self.play.id, draft)
        self.run = run.id

    async def _finish(self, state: State, error: str | None = None) -> None:
        self.clock.at += SECOND // 2
        if self.run is not None:
            await self.service.runs.update(
                self.principal, self.play.id, self.run, RunPatch(state=state, error=error)
            )
        self.run = None

    async def _close(self, session: Session) -> None:
        """Leave the session as the scene says: its state, its resolution, read or not."""
        heading = self.play.heading
        state = cast("State", heading["state"])
        if self.run is None and state != "completed":
            await self._begin(state if state in OPEN_STATES else "running")
        if state not in OPEN_STATES:
            await self._finish(state, heading.get("error"))
        elif state == "waiting" and self.run is not None:
            await self._finish("waiting")
        resolution = cast("Resolution", heading["resolution"])
        if resolution != "open":
            self.clock.at += 20 * SECOND
            await self.service.sessions.update(
                self.principal, session.id, SessionPatch(resolution=resolution)
            )
        if resolution == "resolved" or state == "cancelled":
            await self.service.sessions.end(self.principal, session.id)
        if "unread" not in heading:
            await self.service.sessions.mark_read(self.principal, session.id)
        if "archived" in heading:
            await self.service.sessions.archive(self.principal, session.id)
