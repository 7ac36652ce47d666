"""The answer to a search has a bound in bytes however much it finds.

The event loop is not held while it is made.
"""

from __future__ import annotations

import pytest

from hansard.access import Principal
from hansard.model import MessageDraft, Results, SearchHit, SearchQuery, SessionDraft
from hansard.model.page import PAGE_BYTES
from hansard.model.parts import text_part
from hansard.model.search import SearchSort
from hansard.service import Service
from tests.support.loop import watched

LONG = "the parcel is lost and nobody answers the phone any more today " * 240
LARGE = {"note": "x" * 60_000}
SESSIONS = 40


async def filled(service: Service, principal: Principal) -> None:
    for number in range(SESSIONS):
        draft = SessionDraft(id=f"s{number}", metadata=LARGE if number % 2 else {})
        await service.sessions.start(principal, draft)
        await service.messages.append(
            principal,
            f"s{number}",
            [MessageDraft(role="user", parts=text_part(LONG), text=LONG) for _ in range(3)],
        )


async def find(
    service: Service, principal: Principal, sort: SearchSort, cursor: str | None = None
) -> Results[SearchHit]:
    query = SearchQuery(text="parcel", sort=sort, limit=100, with_total=True, cursor=cursor)
    return await service.search.find(principal, query)


@pytest.mark.parametrize("is_indexed", [True, False])
@pytest.mark.parametrize("sort", ["recency", "relevance"])
async def test_long_messages_are_looked_through_beside_the_loop(
    service: Service, principal: Principal, sort: SearchSort, is_indexed: bool
) -> None:
    await filled(service, principal)
    if is_indexed:
        await service.indexer.catch_up()
    async with watched() as longest:
        results = await find(service, principal, sort)
    assert len(results.items) == results.total == SESSIONS
    assert results.items[0].snippets
    if service.store.url.startswith("sqlite"):
        assert longest() < 0.05, "to mark the words in all of them takes half a second"


@pytest.mark.parametrize("sort", ["recency", "relevance"])
async def test_an_answer_of_large_sessions_is_cut_and_goes_on(
    service: Service, principal: Principal, sort: SearchSort
) -> None:
    for number in range(80):
        metadata = LARGE | {"more": "y" * 4000}
        draft = SessionDraft(id=f"s{number}", metadata=metadata, trail=[{"at": "z" * 120_000}])
        await service.sessions.start(principal, draft)
        text = "the parcel is lost"
        await service.messages.append(
            principal, f"s{number}", [MessageDraft(role="user", parts=text_part(text), text=text)]
        )
    pages = [await find(service, principal, sort)]
    while (cursor := pages[-1].next_cursor) is not None:
        pages.append(await find(service, principal, sort, cursor))
    names = [item.session.name for page in pages for item in page.items]
    assert sorted(names) == sorted(f"s{number}" for number in range(80))
    assert len(pages) == 2
    assert {page.total for page in pages} == {80}
    for page in pages:
        sizes = [len(item.session.trail) + len(item.session.metadata) for item in page.items]
        assert sum(sizes) <= PAGE_BYTES
