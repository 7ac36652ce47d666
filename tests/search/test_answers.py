"""What a search found is kept, and follows every change."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from hansard.access import Principal
from hansard.model import (
    MessageDraft,
    MessageQuery,
    Results,
    SearchHit,
    SearchQuery,
    SessionDraft,
    SessionFilter,
    SessionPatch,
)
from hansard.model.parts import text_part
from hansard.service import Service, search
from hansard.store.verbs import events, search_answers, search_question

TEXTS = ("A late parcel", "The lamp is broken", "Two parcels and a lamp", "Nothing")
QUERIES = [
    SearchQuery(text=text, filter=SessionFilter(archived=archived), sort=sort, with_total=True)
    for text in ("parcel", "lamp -late", "pay OR lamp", '"late parcel"')
    for archived in (None, False)
    for sort in ("recency", "relevance")
]


def draft(text: str) -> MessageDraft:
    return MessageDraft(role="user", parts=text_part(text), text=text)


async def start(service: Service, principal: Principal, text: str) -> str:
    session, _ = await service.sessions.start(principal, SessionDraft(title=text))
    await service.messages.append(principal, session.id, [draft(text)])
    return session.id


async def results_for(service: Service, principal: Principal, text: str) -> Results[SearchHit]:
    return await service.search.find(principal, SearchQuery(text=text, with_total=True))


def names(results: Results[SearchHit]) -> list[str]:
    return [hit.session.id for hit in results.items]


async def change(
    service: Service, principal: Principal, ids: list[str], chance: random.Random
) -> None:
    """Any one thing that may make a session match, or no longer match."""
    ident, text = chance.choice(ids), chance.choice(TEXTS)
    _, messages, _ = await service.messages.list(principal, ident, MessageQuery())
    match chance.randrange(9):
        case 0:
            ids.append(await start(service, principal, text))
        case 1:
            await service.sessions.update(principal, ident, SessionPatch(title=text))
        case 2 | 3 as turn:
            await service.sessions.archive(principal, ident, archived=turn == 2)
        case 4 if messages:
            await service.messages.edit(principal, ident, messages[0].id, draft(text))
        case 5 if messages:
            await service.messages.delete(principal, ident, messages[-1].id)
        case 6 if len(ids) > 3:
            await service.sessions.delete(principal, ident)
            ids.remove(ident)
        case 7:
            await service.indexer.catch_up()
        case _:
            await service.messages.append(principal, ident, [draft(text), draft("Nothing")])


@pytest.mark.parametrize("most_hits", [1000, 1])
async def test_what_is_found_follows_every_change(
    service: Service, principal: Principal, monkeypatch: pytest.MonkeyPatch, most_hits: int
) -> None:
    monkeypatch.setattr(search_question, "_MOST_HITS", most_hits)
    monkeypatch.setattr(search_question, "_FEW_SESSIONS", 0)
    chance = random.Random(most_hits)
    ids = [await start(service, principal, text) for text in TEXTS]
    for _ in range(60):
        await change(service, principal, ids, chance)
        query = chance.choice(QUERIES)
        kept = await service.search.find(principal, query)
        service.search._caches.answers.clear()
        assert kept == await service.search.find(principal, query), query


async def test_behind_a_write_only_what_changed_is_looked_at(
    service: Service, principal: Principal, looked_at: list[str]
) -> None:
    ids = [await start(service, principal, f"parcel {number}") for number in range(20)]
    await service.indexer.catch_up()
    assert names(await results_for(service, principal, "parcel")) == ids[::-1]
    looked_at.clear()
    assert (await results_for(service, principal, "parcel")).total == 20
    assert looked_at == []
    await service.messages.append(principal, ids[3], [draft("Another parcel")])
    ids.append(await start(service, principal, "parcel 20"))
    results = await results_for(service, principal, "parcel")
    assert (results.total, names(results)[:2]) == (21, [ids[20], ids[3]])
    assert set(looked_at) == {ids[3], ids[20]}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the sessions that are shown anew."""
    ids: list[str] = []
    make: Callable[..., Any] = search._hit

    def noted(terms: Any, session: Any, *more: Any) -> Any:
        ids.append(session.id)
        return make(terms, session, *more)

    monkeypatch.setattr(search, "_hit", noted)
    return ids


async def test_what_is_shown_of_a_session_is_made_once(
    service: Service, principal: Principal, shown: list[str]
) -> None:
    ids = [await start(service, principal, f"parcel {number}") for number in range(3)]
    await results_for(service, principal, "parcel")
    assert sorted(shown) == sorted(ids)
    shown.clear()
    await service.messages.append(principal, ids[1], [draft("Where is it?")])
    (first, *_) = (await results_for(service, principal, "parcel")).items
    assert (first.session.id, first.session.message_count) == (ids[1], 2)
    assert shown == [ids[1]]


async def test_all_that_is_ranked_is_kept(
    service: Service, principal: Principal, shown: list[str]
) -> None:
    ranked = search.RANKED + 1
    texts = ["parcel " + "and a lamp " * 20] * 3
    ids = [await start(service, principal, "A parcel") for _ in range(ranked)]
    for ident in ids:
        await service.messages.append(principal, ident, list(map(draft, texts)))
    query = SearchQuery(text="parcel", sort="relevance")
    await service.search.find(principal, query)
    assert len(set(shown)) == ranked
    shown.clear()
    await service.messages.append(principal, ids[3], [draft("Where is it?")])
    await service.search.find(principal, query)
    assert shown == [ids[3]]


async def test_a_search_that_missed_too_much_looks_anew(
    service: Service, principal: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [await start(service, principal, "parcel") for _ in range(3)]
    assert (await results_for(service, principal, "parcel")).total == 3
    monkeypatch.setattr(search_answers, "_MOST_CHANGES", 1)
    for ident in ids[:2]:
        await service.sessions.delete(principal, ident)
    assert (await results_for(service, principal, "parcel")).total == 1


async def test_a_search_does_not_miss_what_trimmed_events_said(
    service: Service, principal: Principal
) -> None:
    ids = [await start(service, principal, "parcel") for _ in range(3)]
    await service.indexer.catch_up()
    assert (await results_for(service, principal, "parcel")).total == 3
    await service.sessions.archive(principal, ids[0], archived=True)
    query = SearchQuery(text="parcel", filter=SessionFilter(archived=False), with_total=True)
    assert (await service.search.find(principal, query)).total == 2
    await service.sessions.archive(principal, ids[1], archived=True)
    await service.indexer.catch_up()
    now = await service.sessions.generation(principal)
    await service.store.write(events.trim, principal.workspace_id, now)
    assert (await service.search.find(principal, query)).total == 1


async def test_a_message_that_has_more_matches_than_are_counted_has_its_newest(
    service: Service, principal: Principal
) -> None:
    session = await start(service, principal, "Nothing")
    await service.messages.append(principal, session, [draft(f"lamp {n}") for n in range(60)])
    await service.indexer.catch_up()
    (hit,) = (await results_for(service, principal, "lamp")).items
    assert hit.matches == 50
    assert {snippet.seq for snippet in hit.snippets} == {59, 60, 61}
