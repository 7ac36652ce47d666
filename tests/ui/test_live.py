"""Live: one stream for all tabs.

What happens is seen once, and a server that comes back is found again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.serving import Served, serving
from tests.ui.conftest import api, visitor_at

TABS = 8


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Served]:
    """A server with three sessions."""
    with serving(tmp_path) as server, api(server) as client:
        for name in ("one", "two", "three"):
            client.post("/v1/sessions", json={"id": name, "title": f"Session {name}"})
        yield server


def test_eight_tabs_follow_a_server_that_is_killed_and_comes_back(
    browser: Browser, quiet: Served
) -> None:
    visitor = visitor_at(browser, quiet)
    tabs = [visitor.page, *(visitor.context.new_page() for _ in range(TABS - 1))]
    streams: list[str] = []
    for tab in tabs:
        tab.on(
            "request",
            lambda request: streams.append(request.url) if "/ui/events" in request.url else None,
        )
        tab.goto(quiet.url + "/ui/sessions/one")
    for tab in tabs:
        expect(tab.locator("#live.on")).to_be_attached(timeout=10_000)
    assert len(set(streams)) <= 2, "one tab holds the stream"
    with api(quiet) as client:
        client.post(
            "/v1/sessions/one/messages",
            json={"messages": [{"role": "user", "text": "before the crash"}]},
        )
    for tab in tabs:
        expect(tab.locator(".msg", has_text="before the crash")).to_have_count(1)
    quiet.kill()
    for tab in tabs:
        expect(tab.locator("#live.off")).to_have_text(re.compile("offline since"), timeout=10_000)
    quiet.start()
    with api(quiet) as client:
        client.post(
            "/v1/sessions/one/messages",
            json={"messages": [{"role": "assistant", "text": "after the crash"}]},
        )
        for tab in tabs:
            expect(tab.locator("#live.on")).to_be_attached(timeout=20_000)
        client.post(
            "/v1/sessions/one/messages",
            json={"messages": [{"role": "user", "text": "and on it goes"}]},
        )
    for tab in tabs:
        for words in ("before the crash", "after the crash", "and on it goes"):
            expect(tab.locator(".msg", has_text=words)).to_have_count(1, timeout=10_000)
    visitor.context.close()


def test_a_new_session_waits_behind_a_pill_and_rows_stay_where_they_are(
    browser: Browser, quiet: Served
) -> None:
    visitor = visitor_at(browser, quiet)
    page = visitor.page
    expect(page.locator("#live.on")).to_be_visible()
    before = page.locator(".row b").all_inner_texts()
    with api(quiet) as client:
        client.post("/v1/sessions", json={"title": "A fourth"})
        client.post(
            "/v1/sessions/one/messages",
            json={"messages": [{"role": "user", "text": "a word in an old row"}]},
        )
    expect(page.locator("#fresh")).to_contain_text("1 new session")
    expect(page.locator(".row", has_text="a word in an old row")).to_be_visible()
    assert page.locator(".row b").all_inner_texts() == before
    page.locator("#fresh").click()
    expect(page.locator(".row b", has_text="A fourth")).to_be_visible()
    expect(page.locator("#count")).to_have_text("4 sessions")
    visitor.context.close()


def test_an_unfolded_call_stays_open_while_messages_arrive(browser: Browser, quiet: Served) -> None:
    call = {
        "role": "assistant",
        "parts": [{"type": "tool_call", "id": "c1", "name": "look", "arguments": {"a": 1}}],
    }
    with api(quiet) as client:
        client.post(
            "/v1/sessions/one/messages", json={"messages": [{"role": "user", "text": "hi"}, call]}
        )
        visitor = visitor_at(browser, quiet)
        page = visitor.go("/ui/sessions/one")
        page.locator(".call summary").click()
        expect(page.locator("#live.on")).to_be_visible()
        answer = {
            "role": "tool",
            "parts": [{"type": "tool_call_response", "id": "c1", "response": {"ok": True}}],
        }
        client.post(
            "/v1/sessions/one/messages",
            json={"messages": [answer, {"role": "assistant", "text": "there it is"}]},
        )
    expect(page.locator(".msg", has_text="there it is")).to_be_visible()
    expect(page.locator(".call[open].ok")).to_have_count(1)
    visitor.context.close()


def test_an_empty_store_notices_its_first_session(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        visitor = visitor_at(browser, server)
        page = visitor.page
        expect(page.get_by_text("No sessions yet")).to_be_visible()
        expect(page.locator("#live.on")).to_be_visible()
        with api(server) as client:
            client.post("/v1/sessions", json={"title": "The first"})
        expect(page.locator(".row b", has_text="The first")).to_be_visible()
        visitor.context.close()


def test_a_session_that_comes_to_match_a_filter_waits_behind_the_pill_too(
    browser: Browser, quiet: Served
) -> None:
    visitor = visitor_at(browser, quiet)
    with api(quiet) as client:
        client.patch("/v1/sessions/one", json={"resolution": "unresolved"})
        page = visitor.go("/ui/?resolution=unresolved")
        expect(page.locator("#count")).to_have_text("1 session")
        expect(page.locator("#live.on")).to_be_visible()
        client.patch("/v1/sessions/two", json={"resolution": "unresolved"})
    expect(page.locator("#fresh")).to_have_text("1 new session – show", timeout=10_000)
    expect(page.locator(".row")).to_have_count(1)
    page.locator("#fresh").click()
    expect(page.locator(".row")).to_have_count(2)
    assert visitor.seen.nothing, visitor.seen
    visitor.context.close()
