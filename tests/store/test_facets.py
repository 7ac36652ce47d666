"""Facets look at so many sessions and no more, whatever leads to them."""

from __future__ import annotations

import pytest

from hansard.access import Principal
from hansard.model import SessionDraft, SessionFilter
from hansard.model.facet import Facet
from hansard.model.times import Moment
from hansard.service import Service
from hansard.store.verbs import facets


@pytest.mark.parametrize(
    "filters",
    [
        SessionFilter(archived=False, messages_until=5),
        SessionFilter(channel=("web",)),
        SessionFilter(channel=("web",), kind=("session",)),
        SessionFilter(title="a"),
        SessionFilter(active_from=Moment(1)),
    ],
)
async def test_beyond_a_bound_the_latest_sessions_are_counted(
    service: Service, principal: Principal, filters: SessionFilter
) -> None:
    for number in range(5):
        draft = SessionDraft(
            id=f"s{number}",
            title="a",
            channel="web",
            agent=f"agent-{number // 2}",
            created_at=1_700_000_000_000_000 + number,
        )
        await service.sessions.start(principal, draft)

    async def facet_of(most_read: int) -> Facet:
        (facet,) = await service.store.read(
            facets.facets, principal.workspace_id, filters, ["agent"], 10, most_read
        )
        return facet

    three = Facet("agent", [("agent-1", 2), ("agent-2", 1)], 0, 3, is_exact=False)
    assert await facet_of(3) == three
    every = [("agent-0", 2), ("agent-1", 2), ("agent-2", 1)]
    assert await facet_of(6) == Facet("agent", every, 0, 5, is_exact=True)
