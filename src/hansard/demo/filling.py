"""Fill a workspace with plays, and take them out again."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from random import Random

import msgspec

from hansard.access import Principal
from hansard.demo.scenes import Play, Scene, scenes
from hansard.demo.script import SECOND
from hansard.demo.stage import Stage
from hansard.errors import NotFound
from hansard.model import SessionQuery
from hansard.model.run import OPEN_STATES
from hansard.service import Service

_AT_ONCE = 32
_HOUR = 3600 * SECOND
_DAY = 24 * _HOUR
_DAYS = 30
_HOURS = (
    7,
    8,
    8,
    9,
    9,
    9,
    10,
    10,
    10,
    11,
    11,
    12,
    13,
    13,
    14,
    14,
    14,
    15,
    15,
    16,
    16,
    17,
    18,
    19,
    20,
    22,
)
_OLDEST = 2 * _HOUR


def plays(count: int | None = None) -> list[Play]:
    """``count`` plays, as many as there are copies asked for when None.

    Scenes come again in turn when it is more.
    """
    scripts = scenes()
    cast = [scene.cast(copy) for scene in scripts for copy in range(scene.copies)]
    if count is None or count <= len(cast):
        return cast[: count or len(cast)]
    often = [scene for scene in scripts if "parent" not in scene.heading and scene.copies > 1]
    return cast + [_again(often, number) for number in range(count - len(cast))]


async def fill(
    service: Service,
    principal: Principal,
    count: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Perform the plays that are not in the workspace yet; how many sessions are new."""
    chosen = plays(count)
    now, chance = service.clock(), Random(7)
    stages = [Stage(service, principal, play, _moment(play, now, chance)) for play in chosen]
    done = new = 0
    for wave in _waves(stages):
        for performed in await asyncio.gather(*(stage.perform() for stage in wave)):
            new += performed
            done += 1
        if on_progress:
            on_progress(done, len(stages))
    return new


async def remove(service: Service, principal: Principal) -> int:
    """Delete the sessions that a demo has made; how many."""
    names, query = [], SessionQuery(sort="created_at", limit=200)
    while True:
        page = await service.sessions.list(principal, query)
        names += [
            item.id
            for item in page.items
            if (item.own_id or "").startswith("demo-") and b'"demo":true' in bytes(item.metadata)
        ]
        if page.next_cursor is None:
            return sum([await _deleted(service, principal, name) for name in names])
        query = msgspec.structs.replace(query, cursor=page.next_cursor)


async def _deleted(service: Service, principal: Principal, name: str) -> int:
    try:
        return (await service.sessions.delete(principal, name)).sessions
    except NotFound:  # it went with its parent
        return 0


def _again(often: Sequence[Scene], number: int) -> Play:
    scene = often[number % len(often)]
    return scene.cast(scene.copies + number // len(often))


def _waves(stages: Sequence[Stage]) -> list[Sequence[Stage]]:
    """Groups to perform at once, each sub-session after its parent."""
    first = [stage for stage in stages if "parent" not in stage.play.heading]
    then = [stage for stage in stages if "parent" in stage.play.heading]
    return [
        group[at : at + _AT_ONCE]
        for group in (first, then)
        for at in range(0, len(group), _AT_ONCE)
    ]


def _moment(play: Play, now: int, chance: Random) -> int:
    """A play's start: for open ones in the last hours, for others on a day, mostly a recent one."""
    if play.heading["state"] == "running":
        return now - _OLDEST // 12
    if play.heading["state"] in OPEN_STATES:
        return now - _OLDEST // 4 - round(chance.random() * _OLDEST)
    day = now // _DAY - round(_DAYS * math.pow(chance.random(), 1.7))
    at = day * _DAY + chance.choice(_HOURS) * _HOUR + chance.randrange(_HOUR)
    return min(at, now - _OLDEST - chance.randrange(_OLDEST))
