"""Work on one session goes one after the other, and holds one connection."""

from __future__ import annotations

import asyncio

import pytest

from hansard.access import Principal
from hansard.model import MessageDraft, SessionDraft
from hansard.model.parts import text_part
from hansard.model.rewind import Cut
from hansard.service import Service
from hansard.service.turns import Turns


async def test_one_goes_after_the_other_and_strangers_do_not_wait() -> None:
    turns, order = Turns(), list[str]()

    async def work(name: str, key: str) -> None:
        async with turns.turn("w", key):
            order.append(f"{name} begins")
            await asyncio.sleep(0.01)
            order.append(f"{name} ends")

    await asyncio.gather(work("a", "x"), work("b", "x"), work("c", "y"))
    assert order[:2] == ["a begins", "c begins"]
    assert order[-2:] == ["b begins", "b ends"]


async def test_a_turn_that_does_not_come_is_not_waited_for() -> None:
    turns = Turns(seconds=0.01)
    async with turns.turn("w"), asyncio.timeout(5):
        async with turns.turn("w"):
            pass
        async with turns.turn("w"):
            pass


async def test_a_turn_ends_with_what_fails_or_is_cancelled() -> None:
    turns = Turns(seconds=60)
    with pytest.raises(KeyError):
        async with turns.turn("w"):
            raise KeyError
    async with turns.turn("w"):
        waiting = asyncio.create_task(turns.turn("w").__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(5), turns.turn("w"):
        pass


async def test_many_who_take_the_last_message_leave_the_connections_to_others(
    lone_service: Service,
) -> None:
    """Each takes another one; while they wait for their session they hold nothing."""
    operator: Principal = lone_service.workspaces.operator(
        await lone_service.workspaces.create("acme")
    )
    await lone_service.sessions.start(operator, SessionDraft(id="s"))
    drafts = [MessageDraft(role="user", parts=text_part(f"{n}"), text=f"{n}") for n in range(1, 31)]
    await lone_service.messages.append(operator, "s", drafts)
    lent: list[int] = []

    async def watch() -> None:
        while True:
            lent.extend(each.used for each in lone_service.store.usage() if each.kind == "pool")
            await asyncio.sleep(0.001)

    watching = asyncio.create_task(watch())
    rewound = await asyncio.gather(
        *(lone_service.messages.rewind(operator, "s", Cut(count=1)) for _ in drafts)
    )
    watching.cancel()
    assert sorted(message.seq for each in rewound for message, _ in each.removed) == [*range(1, 31)]
    assert max(lent, default=0) <= 3
    assert (await lone_service.verification.verify()).is_sound
