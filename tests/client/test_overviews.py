"""The client asks for the values of filters, and for what needs attention."""

from __future__ import annotations

from hansard.client import AsyncHansard, Hansard


async def test_facets_and_attention(hansard: Hansard, ahansard: AsyncHansard) -> None:
    for name, agent in (("a", "porter"), ("b", "porter"), ("c", None)):
        hansard.sessions.start(f"seen-{name}", app="overview", agent=agent, channel="web")
    agents, channels = hansard.sessions.facets(["agent", "channel"], app="overview")
    assert (agents.by, agents.values, agents.none, agents.total) == ("agent", {"porter": 2}, 1, 3)
    assert (channels.values, channels.exact) == ({"web": 3}, True)
    (lacking,) = await ahansard.sessions.facets("channel", most=1, app="overview", none="agent")
    assert lacking.values == {"web": 1}

    hansard.runs.start("seen-a", state="waiting")
    waiting = hansard.attention()[0]
    assert waiting.reason == "waiting"
    assert "seen-a" in [session.id for session in waiting.sessions]
    assert "state=waiting" in waiting.query
    assert [group.reason for group in await ahansard.attention()][:2] == ["waiting", "failed"]
