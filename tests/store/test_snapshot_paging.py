"""A walk through a list shows each lasting session exactly once, whatever writers do meanwhile."""

from __future__ import annotations

import asyncio
import random

import pytest

from hansard.access import Principal
from hansard.model import MessageDraft, SessionDraft, SessionFilter, SessionPatch, SessionQuery
from hansard.model.parts import text_part
from hansard.model.session import SORTS, Sort
from hansard.service import Service

COUNT = 60


def draft_of(text: str) -> MessageDraft:
    return MessageDraft(role="user", parts=text_part(text), text=text)


async def fill(service: Service, principal: Principal) -> list[str]:
    """Sessions with titles, some with messages; their ids."""
    ids = []
    for number in range(COUNT):
        title = None if number % 5 == 0 else f"Title {number * 7 % COUNT:03d}"
        session, _ = await service.sessions.start(
            principal, SessionDraft(title=title, channel="web" if number % 2 else "api")
        )
        if number % 3 == 0:
            await service.messages.append(principal, session.id, [draft_of(f"hello {number}")])
        ids.append(session.id)
    return ids


async def disturb(
    service: Service, principal: Principal, ids: list[str], random: random.Random
) -> None:
    """One change of the kind that moves a session in some order."""
    ident = random.choice(ids)
    match random.randrange(4):
        case 0:
            await service.sessions.update(
                principal, ident, SessionPatch(title=f"Renamed {random.randrange(1000)}")
            )
        case 1:
            await service.sessions.start(
                principal, SessionDraft(title=f"New {random.randrange(1000)}", channel="web")
            )
        case _:
            await service.messages.append(principal, ident, [draft_of("one more")])


async def walk(
    service: Service,
    principal: Principal,
    query: SessionQuery,
    between: asyncio.Event | None = None,
) -> tuple[list[str], set[int | None]]:
    """Every id that the pages show, and every total that they told."""
    shown: list[str] = []
    totals: set[int | None] = set()
    cursor = None
    while True:
        page = await service.sessions.list(
            principal,
            SessionQuery(
                filter=query.filter, sort=query.sort, limit=7, with_total=True, cursor=cursor
            ),
        )
        shown += [item.id for item in page.items]
        totals.add(page.total)
        if page.next_cursor is None:
            return shown, totals
        cursor = page.next_cursor
        if between is not None:
            between.set()
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("sort", SORTS)
async def test_a_walk_shows_each_session_once_while_a_writer_runs(
    service: Service, principal: Principal, sort: Sort
) -> None:
    ids = await fill(service, principal)
    turn, chance = asyncio.Event(), random.Random(sort)

    async def write() -> None:
        while True:
            await turn.wait()
            turn.clear()
            for _ in range(5):
                await disturb(service, principal, ids, chance)

    writer = asyncio.create_task(write())
    shown, totals = await walk(service, principal, SessionQuery(sort=sort), turn)
    writer.cancel()
    assert [ident for ident in shown if ident in set(ids)] != []
    assert sorted(ident for ident in shown if ident in set(ids)) == sorted(ids)
    assert len(set(shown)) == len(shown)
    assert totals == {COUNT}


@pytest.mark.parametrize("sort", ["-updated_at", "-active_at", "title"])
async def test_a_filtered_walk_holds_still_too(
    service: Service, principal: Principal, sort: Sort
) -> None:
    ids = await fill(service, principal)
    turn, chance = asyncio.Event(), random.Random(7)

    async def write() -> None:
        while True:
            await turn.wait()
            turn.clear()
            for _ in range(5):
                await disturb(service, principal, ids, chance)

    writer = asyncio.create_task(write())
    shown, totals = await walk(
        service, principal, SessionQuery(sort=sort, filter=SessionFilter(channel=("web",))), turn
    )
    writer.cancel()
    there_all_the_time = {ident for number, ident in enumerate(ids) if number % 2}
    assert there_all_the_time <= set(shown)
    assert len(set(shown)) == len(shown)
    assert totals == {len(there_all_the_time)}


async def test_a_walk_without_writers_is_the_order_itself(
    service: Service, principal: Principal
) -> None:
    await fill(service, principal)
    for sort in SORTS:
        shown, _ = await walk(service, principal, SessionQuery(sort=sort))  # type: ignore[arg-type]  # SORTS are strings
        whole = await service.sessions.list(principal, SessionQuery(sort=sort, limit=200))  # type: ignore[arg-type]  # as above
        assert shown == [item.id for item in whole.items]


async def test_a_session_deleted_during_a_walk_is_not_shown_behind_its_deletion(
    service: Service, principal: Principal
) -> None:
    await fill(service, principal)
    first = await service.sessions.list(principal, SessionQuery(limit=7))
    last = await service.sessions.list(principal, SessionQuery(limit=1, sort="updated_at"))
    await service.sessions.delete(principal, last.items[0].id)
    assert first.next_cursor is not None
    rest = await service.sessions.list(principal, SessionQuery(limit=100, cursor=first.next_cursor))
    assert last.items[0].id not in {item.id for item in rest.items}
    assert len(rest.items) == COUNT - 7 - 1
