"""Times as the clock of the reader shows them, UTC for whoever hovers and who has no JavaScript."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hansard.model.times import parse
from hansard.web.filters import ListParams, chips, cleaned, filter_of
from hansard.web.local_times import absolute, day, local_day, midnight
from tests.web.conftest import Reader

BERLIN = ZoneInfo("Europe/Berlin")
LATE = "2026-03-28T23:30:00Z"


def test_a_time_is_spelled_in_the_zone_and_names_it() -> None:
    us = parse(LATE)
    assert absolute(us) == "2026-03-28 23:30:00 UTC"
    assert absolute(us, BERLIN) == "2026-03-29 00:30:00 CET"
    assert absolute(us, ZoneInfo("America/Sao_Paulo")) == "2026-03-28 20:30:00 UTC-03"
    assert (local_day(us), local_day(us, BERLIN)) == ("2026-03-28", "2026-03-29")
    assert day(us) == "Saturday, 28 March 2026 UTC"
    assert day(us, BERLIN) == "Sunday, 29 March 2026"


def test_a_day_in_which_the_clock_is_set_has_23_hours() -> None:
    first, after = midnight("2026-03-29", BERLIN), midnight("2026-03-29", BERLIN, 1)
    assert (after - first) // 3_600_000_000 == 23


def test_the_days_of_a_filter_are_those_of_the_reader() -> None:
    params = cleaned(ListParams(day_from="2026-03-29", day_until="2026-03-29"), BERLIN)
    filters = filter_of(params)
    assert filters.created_from == parse("2026-03-28T23:00:00Z")
    assert filters.created_until == parse("2026-03-29T21:59:59.999999Z")
    assert [chip.label for chip in chips(params, BERLIN)] == [
        "from: 2026-03-29",
        "until: 2026-03-29",
    ]


async def _filled(reader: Reader) -> None:
    await reader.api("POST", "/v1/sessions", json={"id": "late", "created_at": LATE})
    messages = [
        {"role": "user", "text": "Before midnight", "created_at": "2026-03-28T22:30:00Z"},
        {"role": "assistant", "text": "After it", "created_at": LATE},
    ]
    await reader.api("POST", "/v1/sessions/late/messages", json={"messages": messages})


async def test_a_transcript_has_the_readers_days_and_hours(reader: Reader) -> None:
    await _filled(reader)
    plain = (await reader.get("/ui/sessions/late")).text
    assert plain.count('<h2 class="day">') == 1
    assert "Saturday, 28 March 2026 UTC" in plain
    assert ">23:30:00<" in plain
    reader.client.cookies.set("zone", "Europe/Berlin")
    local = (await reader.get("/ui/sessions/late")).text
    assert local.count('<h2 class="day">') == 2
    assert ">00:30:00<" in local
    assert 'title="2026-03-28 23:30:00 UTC">2026-03-29 00:30:00 CET<' in local


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "%00", "x" * 3000])
async def test_a_zone_that_is_none_is_utc(reader: Reader, zone: str) -> None:
    await _filled(reader)
    reader.client.cookies.set("zone", zone)
    assert "28 March 2026 UTC" in (await reader.get("/ui/sessions/late")).text


async def test_bars_of_messages_lead_to_the_sessions_that_went_on_that_day(
    reader: Reader,
) -> None:
    now = datetime.now(UTC)
    body: dict[str, Any] = {"id": "old", "created_at": "2026-01-01T00:00:00Z"}
    await reader.api("POST", "/v1/sessions", json=body)
    message = {"role": "user", "text": "Still here"}
    await reader.api("POST", "/v1/sessions/old/messages", json={"messages": [message]})
    reader.client.cookies.set("zone", "Asia/Tokyo")
    page = (await reader.get("/ui/insights?days=7")).text
    assert "Busiest hours (Asia/Tokyo)" in page
    figure = page.split("<h2>Messages per day")[1]
    link = figure.split('<a href="/ui/?')[1].split('"')[0].replace("&amp;", "&")
    today = f"{now.astimezone(ZoneInfo('Asia/Tokyo')):%Y-%m-%d}"
    assert f"day_until={today}" in link
    assert "active_from=" in link
    assert 'href="/ui/sessions/' in (await reader.get(f"/ui/?{link}")).text


async def test_a_reader_may_rather_see_utc(reader: Reader) -> None:
    await _filled(reader)
    reader.client.cookies.set("zone", "Europe/Berlin")
    assert "are in Europe/Berlin." in (await reader.get("/ui/settings")).text
    assert (await reader.post("/ui/zone")).headers["location"] == "/ui/settings#times"
    page = (await reader.get("/ui/settings")).text
    assert "are in UTC." in page
    assert "Use this browser&#39;s time zone" in page or "Use this browser's time zone" in page
    assert "23:30:00" in (await reader.get("/ui/sessions/late")).text
    await reader.post("/ui/zone")
    assert "00:30:00" in (await reader.get("/ui/sessions/late")).text
