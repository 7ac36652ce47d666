"""What a part of a title matches is kept, and follows every change."""

from __future__ import annotations

import random
from typing import Any

import pytest

from hansard.access import Principal
from hansard.model import (
    MessageDraft,
    SessionDraft,
    SessionFilter,
    SessionPatch,
    SessionQuery,
)
from hansard.model.parts import text_part
from hansard.service import Service
from hansard.store.verbs import events, title_search

PARTS = ("arce", "late par", "lamp")
TITLES = ("A late parcel", "Two late parcels", "parcel", "A broken lamp", "Nothing")
FILTERS = [
    SessionFilter(title=part, archived=archived, tag=tag)
    for part in PARTS
    for archived, tag in ((None, ()), (False, ()), (None, ("vip",)))
]
SORTS = ("-active_at", "updated_at", "title", "-title")


async def start(service: Service, principal: Principal, title: str) -> str:
    session, _ = await service.sessions.start(principal, SessionDraft(title=title))
    return session.id


async def listed(
    service: Service, principal: Principal, filters: SessionFilter, sort: Any = "-active_at"
) -> tuple[list[str], int | None]:
    query = SessionQuery(filter=filters, sort=sort, limit=100, with_total=True)
    page = await service.sessions.list(principal, query)
    return [session.id for session in page.items], page.total


async def change(
    service: Service, principal: Principal, ids: list[str], chance: random.Random
) -> None:
    """Any one thing that may move a session into a list, out of it or within it."""
    ident = chance.choice(ids)
    text = "Where is it?"
    message = MessageDraft(role="user", parts=text_part(text), text=text)
    match chance.randrange(8):
        case 0:
            ids.append(await start(service, principal, chance.choice(TITLES)))
        case 1:
            patch = SessionPatch(title=chance.choice(TITLES))
            await service.sessions.update(principal, ident, patch)
        case 2 | 3 as turn:
            await service.sessions.archive(principal, ident, archived=turn == 2)
        case 4:
            patch = SessionPatch(tags=chance.choice([["vip"], []]))
            await service.sessions.update(principal, ident, patch)
        case 5 if len(ids) > 3:
            await service.sessions.delete(principal, ident)
            ids.remove(ident)
        case 6:
            await service.indexer.catch_up()
        case _:
            await service.messages.append(principal, ident, [message])


async def test_lists_by_part_of_a_title_follow_every_change(
    service: Service, principal: Principal
) -> None:
    chance = random.Random(11)
    ids = [await start(service, principal, title) for title in TITLES]
    for _ in range(40):
        await change(service, principal, ids, chance)
        filters, sort = chance.choice(FILTERS), chance.choice(SORTS)
        kept = await listed(service, principal, filters, sort)
        service.sessions._titles.clear()
        assert kept == await listed(service, principal, filters, sort), (filters, sort)
        assert kept[1] == await service.sessions.count(principal, filters)


async def test_behind_a_write_nothing_is_looked_up_anew(
    service: Service, principal: Principal, looked_at: list[str]
) -> None:
    ids = [await start(service, principal, f"parcel {number}") for number in range(20)]
    assert await listed(service, principal, SessionFilter(title="arce")) == (ids[::-1], 20)
    assert set(looked_at) == set(ids)
    looked_at.clear()
    await service.sessions.update(principal, ids[3], SessionPatch(title="A lamp"))
    ids.append(await start(service, principal, "parcel 20"))
    await start(service, principal, "A broken lamp")
    del ids[3]
    for _ in range(2):
        assert await listed(service, principal, SessionFilter(title="arce")) == (ids[::-1], 20)
    assert looked_at == []


def test_the_matches_that_are_counted_one_by_one_are_kept_as_well() -> None:
    cache, filters = title_search.cache(), SessionFilter(title="arce")
    rows = [(f"{number:036}", 1, number) for number in range(title_search.MOST_COUNTED)]
    kept = title_search.Matches(1, rows, {row[0]: row for row in rows})
    size = title_search._ROW_BYTES * len(rows)
    cache.put((filters, ("active_at", "id")), kept, "w", size=size)
    assert cache.get((filters, ("active_at", "id")), group="w") is kept


async def test_a_list_that_missed_too_much_is_looked_up_anew(
    service: Service, principal: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [await start(service, principal, "parcel") for _ in range(3)]
    assert (await listed(service, principal, SessionFilter(title="arce")))[1] == 3
    monkeypatch.setattr(title_search, "_MOST_CHANGES", (1,))
    for ident in ids[:2]:
        await service.sessions.update(principal, ident, SessionPatch(title="A lamp"))
    assert (await listed(service, principal, SessionFilter(title="arce")))[1] == 1


async def test_a_list_does_not_miss_what_trimmed_events_said(
    service: Service, principal: Principal
) -> None:
    ids = [await start(service, principal, "parcel") for _ in range(3)]
    assert (await listed(service, principal, SessionFilter(title="arce")))[1] == 3
    await service.sessions.update(principal, ids[0], SessionPatch(title="A lamp"))
    await service.indexer.catch_up()
    now = await service.sessions.generation(principal)
    await service.store.write(events.trim, principal.workspace_id, now)
    assert (await listed(service, principal, SessionFilter(title="arce")))[1] == 2
