"""Money counts on the day of its message, in any time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import httpx
import pytest

from hansard.model.zones import stretches
from tests.derived.test_money import begin, read, spend


@pytest.mark.parametrize(
    ("tz", "day"),
    [
        ("UTC", "2025-03-01"),
        ("America/Los_Angeles", "2025-02-28"),
        ("Asia/Kolkata", "2025-03-01"),
        ("Asia/Kathmandu", "2025-03-01"),
        ("Pacific/Kiritimati", "2025-03-01"),
        ("Pacific/Marquesas", "2025-02-28"),
    ],
)
async def test_money_counts_on_the_day_of_the_zone(
    client: httpx.AsyncClient, tz: str, day: str
) -> None:
    at = "2025-03-01T03:50:00Z"
    await begin(client, "s", created_at=at)
    await spend(client, "s", created_at=at)
    body = await read(client, tz=tz, **{"from": "2025-02-20", "until": "2025-03-05"})
    assert [(row["day"], row["cost_usd"], row["sessions"]) for row in body["data"]] == [
        (day, 0.25, 1)
    ]
    assert body["tz"] == tz
    local = datetime.fromisoformat(at).astimezone(_zone(tz))
    assert body["hours"].index(1) == local.hour


def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


async def test_money_of_the_days_on_which_the_clock_is_set_is_whole(
    client: httpx.AsyncClient,
) -> None:
    """The day of Berlin's spring has 23 hours, that of autumn 25; each hour of both counts once."""
    await begin(client, "s", created_at="2025-03-01T00:00:00Z")
    for first in (datetime(2025, 3, 29, tzinfo=UTC), datetime(2025, 10, 25, tzinfo=UTC)):
        messages = [
            {
                "role": "assistant",
                "text": "x",
                "created_at": (first + timedelta(hours=hour)).isoformat(),
                "usage": {"cost_usd": 1.0},
            }
            for hour in range(72)
        ]
        await client.post("/v1/sessions/s/messages", json={"messages": messages})
    for days, hours in ((("2025-03-30", "2025-03-31"), 23), (("2025-10-26", "2025-10-27"), 25)):
        body = await read(client, tz="Europe/Berlin", **{"from": days[0], "until": days[1]})
        assert [row["messages"] for row in body["data"]] == [hours, 24]
        assert body["total"]["cost_usd"] == hours + 24


@pytest.mark.parametrize("tz", ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"])
def test_money_of_a_year_lies_in_stretches_without_gaps(tz: str) -> None:
    first, last = (
        (date(2025, 1, 1) - date(1970, 1, 1)).days,
        (date(2025, 12, 31) - date(1970, 1, 1)).days,
    )
    pieces = stretches(tz, first, last)
    assert len(pieces) == 3
    assert all(before.end == after.first for before, after in pairwise(pieces))
    for stretch in pieces:
        for slot in (stretch.first, stretch.end - 1):
            local = datetime.fromtimestamp(slot * 900, UTC).astimezone(_zone(tz))
            assert (slot + stretch.offset) // 96 == (local.date() - date(1970, 1, 1)).days


async def test_money_in_a_zone_that_is_none_is_refused(client: httpx.AsyncClient) -> None:
    for tz in ("Mars/Olympus", "../../etc/passwd", "", "CEST+2"):
        answer = await client.get("/v1/stats", params={"tz": tz})
        assert (answer.status_code, answer.json()["param"]) == (400, "tz"), tz
