"""Part of a title is found by an index, with the answers that walking all titles would give."""

from __future__ import annotations

import random

import httpx
import pytest

from hansard.access import Principal
from hansard.model import SessionDraft, SessionFilter, SessionPatch, SessionQuery
from hansard.service import Service
from hansard.store.search_query import joined, part_of_title, title_words
from hansard.store.statements import migrations
from hansard.store.steps import Steps, composed
from hansard.store.verbs import title_search

TITLES = [
    "A late parcel",
    "Plate parcels, broken",
    "parcel",
    "LATE PARCEL AGAIN",
    "Order A-17 is late",
    "Café fermé",
    "東京都に行く予定",
    "Straße und Fluß",
    "x" * 120 + "needle" + "y" * 120,
    "e_mail: late.parcel@example.com",
    "100 % late_parcel",
    "Nothing",
]
PARTS = [
    "parcel", "arce", "late", "late parc", "ate par", "e parcels, b", "A-17", "r A-17 i", "café",
    "東京都", "京都に", "strasse", "fluß", "xxneedleyy", "x" * 100 + "needle", "late.par",
    "mail: late", "late_", "% la", "nothing at all", "el", "a", ".", "zzz", "Parcel Again",
    "parcel a",
]  # fmt: skip


def expected(part: str) -> set[str]:
    return {title for title in TITLES if part.casefold().strip() in title.casefold()}


@pytest.mark.parametrize("indexed", [False, True], ids=["waiting", "indexed"])
async def test_part_of_a_title_is_found_as_by_walking_all_titles(
    service: Service, principal: Principal, indexed: bool
) -> None:
    for title in TITLES:
        await service.sessions.start(principal, SessionDraft(title=title))
    if indexed:
        await service.indexer.catch_up()
    for part in PARTS:
        for sort in ("-active_at", "active_at", "-updated_at", "title", "-title", "-created_at"):
            query = SessionQuery(
                filter=SessionFilter(title=part),
                sort=sort,
                with_total=True,
            )
            page = await service.sessions.list(principal, query)
            assert {session.title for session in page.items} == expected(part), (part, sort)
            assert page.total == len(expected(part)), part
            plain = await service.sessions.list(principal, SessionQuery(sort=query.sort, limit=200))
            order = [session.title for session in plain.items if session.title in expected(part)]
            assert [session.title for session in page.items] == order, (part, sort)
        assert await service.sessions.count(principal, SessionFilter(title=part)) == len(
            expected(part)
        )


def test_the_index_has_what_every_title_with_the_part_has() -> None:
    for title in TITLES:
        for start in range(len(title)):
            part = title[start : start + 9]
            terms = part_of_title(part.casefold())
            assert terms is None or terms.within(joined(title_words(title))), (title, part)


async def test_the_index_is_asked_and_not_all_titles(
    service: Service, principal: Principal
) -> None:
    for title in TITLES:
        await service.sessions.start(principal, SessionDraft(title=title))
    await service.indexer.catch_up()
    matches = await service.store.read(
        title_search.matching, principal.workspace_id, SessionFilter(title="arce"), 10
    )
    assert matches is not None
    assert len(matches) == len(expected("arce"))
    assert (
        await service.store.read(
            title_search.matching, principal.workspace_id, SessionFilter(title="arce"), 2
        )
        is None
    )


async def test_titles_that_change_are_found_as_they_are_now(
    service: Service, principal: Principal
) -> None:
    session, _ = await service.sessions.start(principal, SessionDraft(title="A late parcel"))
    await service.indexer.catch_up()
    await service.sessions.update(principal, session.id, SessionPatch(title="A broken lamp"))
    for part, count in (("parcel", 0), ("roken", 1), ("ken la", 1)):
        assert await service.sessions.count(principal, SessionFilter(title=part)) == count
    await service.sessions.archive(principal, session.id)
    lamps = SessionFilter(title="lamp", archived=False)
    assert await service.sessions.count(principal, lamps) == 0
    await service.sessions.delete(principal, session.id)
    assert await service.sessions.count(principal, SessionFilter(title="lamp")) == 0


async def test_a_walk_by_a_part_of_a_title_shows_each_session_once(
    service: Service, principal: Principal
) -> None:
    ids = []
    for number in range(25):
        session, _ = await service.sessions.start(principal, SessionDraft(title=f"parcel {number}"))
        ids.append(session.id)
    chance = random.Random(3)
    shown: list[str] = []
    cursor = None
    while True:
        query = SessionQuery(
            filter=SessionFilter(title="arcel"),
            sort="-updated_at",
            limit=4,
            cursor=cursor,
            with_total=True,
        )
        page = await service.sessions.list(principal, query)
        shown += [session.id for session in page.items]
        assert page.total == 25
        cursor = page.next_cursor
        if cursor is None:
            break
        await service.sessions.update(
            principal, chance.choice(ids), SessionPatch(tags=[str(chance.random())])
        )
    assert sorted(shown) == sorted(ids)


async def test_no_workspace_finds_titles_of_another(service: Service, principal: Principal) -> None:
    await service.sessions.start(principal, SessionDraft(title="A late parcel"))
    other = service.workspaces.operator(
        await service.workspaces.create(f"titles-{random.random()}")
    )
    await service.indexer.catch_up()
    assert await service.sessions.count(other, SessionFilter(title="parcel")) == 0


async def test_a_dotted_capital_i_is_an_i_in_titles_of_before_too(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    """What was folded otherwise before is found once the store is migrated."""
    for name, title in (("new", "İstanbul by night"), ("old", "A hotel in İstanbul")):
        await client.post("/v1/sessions", json={"id": name, "title": title})
    before = {"w": principal.workspace_id, "title": "A hotel in İstanbul".casefold()}
    await service.store.write(_folded_as_before, before)

    async def matches(part: str) -> list[str]:
        answer = await client.get("/v1/sessions", params={"title": part, "sort": "title"})
        return [session["id"] for session in answer.json()["data"]]

    assert await matches("istanbul") == ["new"]
    backend = "sqlite" if service.store.url.startswith("sqlite") else "postgres"
    (migration,) = [sql for _, name, sql in migrations(backend) if name.endswith("dotted_i")]
    await service.store.write(_migrated, migration, principal.workspace_id)
    for part in ("istanbul", "İstanbul", "ISTANBUL", "i\u0307stanbul", "in İst"):
        assert sorted(await matches(part)) == (["old"] if part == "in İst" else ["new", "old"])


def _folded_as_before(values: dict[str, str]) -> Steps[None]:
    yield from composed(
        "update sessions set title_folded = :title where workspace_id = :w and own_id = 'old'",
        values,
    )
    yield from _moved_on(values["w"])


def _migrated(sql: str, workspace_id: str) -> Steps[None]:
    yield from composed(sql.partition("\n\n")[2].rstrip(";\n"), {})
    yield from _moved_on(workspace_id)


def _moved_on(workspace_id: str) -> Steps[None]:
    """Kept answers are those of the generation before."""
    yield from composed(
        "update workspace_counters set generation = generation + 1 where workspace_id = :w",
        {"w": workspace_id},
    )
