"""What follows the reader: their clock, their words in the search box, the height of their rows."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, expect

from tests.support.serving import Served
from tests.ui.conftest import Visitor, ask, visitor_at


def test_times_are_those_of_the_readers_zone_from_the_first_list_on(
    browser: Browser, server: Served
) -> None:
    visitor = visitor_at(browser, server, timezone_id="Asia/Tokyo")
    session = ask(server, "/v1/sessions?state=completed&limit=1")["data"][0]
    page = visitor.go(f"/ui/sessions/{session['uid']}")
    time = page.locator(".msg time").first
    sent_at = datetime.fromisoformat(time.get_attribute("datetime") or "")
    expect(time).to_have_text(f"{sent_at.astimezone(UTC) + timedelta(hours=9):%H:%M:%S}")
    expect(page.locator(".place").first).to_have_attribute("title", re.compile(r"\d UTC: a link"))
    expect(page.locator(".meta time")).to_contain_text("JST")
    expect(page.locator(".day").first).not_to_contain_text("UTC")
    expect(visitor.go("/ui/insights").locator("#main")).to_contain_text("in Asia/Tokyo")
    assert visitor.seen.nothing, visitor.seen
    visitor.context.close()


def test_without_javascript_utc_is_said(browser: Browser, server: Served) -> None:
    visitor = visitor_at(browser, server, java_script_enabled=False, timezone_id="Asia/Tokyo")
    session = ask(server, "/v1/sessions?state=completed&limit=1")["data"][0]
    page = visitor.go(f"/ui/sessions/{session['uid']}")
    expect(page.locator(".day").first).to_contain_text("UTC")
    expect(page.locator(".meta time")).to_contain_text("UTC")
    visitor.context.close()


def test_the_search_box_offers_qualifiers_and_their_values(visitor: Visitor) -> None:
    page = visitor.page
    box, offers = page.locator("input[type=search]"), page.locator("#suggestions li")
    box.press_sequentially("chan")
    expect(offers).to_have_text(["channel:"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box).to_have_value("channel:")
    expect(offers.first).to_contain_text("channel:web")
    page.keyboard.type("what")
    expect(offers).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(offers.first).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", "suggestion1")
    page.keyboard.press("Enter")
    expect(box).to_have_value("channel:whatsapp ")
    expect(box).to_be_focused()
    expect(offers).to_have_count(0)
    total = ask(visitor.server, "/v1/sessions?channel=whatsapp&total=true&archived=any")["total"]
    expect(page.locator("#count")).to_have_text(f"{total} sessions")
    page.keyboard.type("sta")
    expect(offers.first).to_contain_text("state:")
    page.keyboard.press("Escape")
    expect(offers).to_have_count(0)
    expect(box).to_have_value("channel:whatsapp sta")
    page.keyboard.type("te:")
    offers.filter(has_text="state:failed").click()
    expect(box).to_have_value("channel:whatsapp state:failed ")


def test_rows_can_be_smaller(visitor: Visitor) -> None:
    page = visitor.page
    expect(page.locator("#live.on")).to_be_visible()
    height = page.locator(".row").first.bounding_box()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Compact rows").click()
    expect(page.locator("html[data-rows=compact]")).to_be_attached()
    smaller = page.locator(".row").first.bounding_box()
    assert height is not None
    assert smaller is not None
    assert smaller["height"] < 50 < height["height"]
    page.locator("#scroll").evaluate("box => { box.scrollTop = 1e6 }")
    expect(page.locator(".row[aria-posinset='62']")).to_be_attached()
    page.locator("#scroll").evaluate(f"box => {{ box.scrollTop = 60 * {smaller['height']} }}")
    expect(page.locator(".row[aria-posinset='62']")).to_be_in_viewport()
