"""Ways to a session beside the list: the palette, and two picked ones side by side."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.ui.conftest import Visitor, ask


def test_the_palette_shows_the_sessions_that_match_what_is_typed(visitor: Visitor) -> None:
    page = visitor.go("/ui/insights")
    page.keyboard.press("Control+k")
    page.keyboard.type("refund")
    options = page.locator(".palette li")
    expect(options.nth(1)).to_contain_text("session")
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert 2 <= options.count() <= 7
    title = (options.nth(1).inner_text()).split("\n")[0].removesuffix("session").strip()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#pane h1")).to_contain_text(title.rstrip("…"))


def test_no_key_is_lost_while_the_palette_is_on_its_way(visitor: Visitor) -> None:
    """On a slow machine, where the script that has the palette comes in between."""
    page = visitor.go("/ui/insights")
    machine = visitor.context.new_cdp_session(page)
    machine.send("Network.setCacheDisabled", {"cacheDisabled": True})
    machine.send("Emulation.setCPUThrottlingRate", {"rate": 8})
    for _ in range(8):
        page.reload(wait_until="domcontentloaded")
        page.keyboard.press("Control+k")
        page.keyboard.type("refund")
        expect(page.locator(".palette input")).to_have_value("refund")


def test_two_picked_sessions_are_compared(visitor: Visitor) -> None:
    page = visitor.go("/ui/")
    expect(page.locator("#live.on")).to_be_visible()
    page.locator(".row").first.hover()
    ticks = page.locator(".row input")
    ticks.nth(0).check()
    expect(page.locator("#bulk a")).to_have_count(0)
    ticks.nth(1).check()
    page.locator("#bulk").get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="Compare")).to_be_visible()
    expect(page.locator(".compare th")).to_have_count(2)


def test_a_range_narrows_the_list_and_is_taken_back(visitor: Visitor) -> None:
    page = visitor.go("/ui/")
    expect(page.locator("#live.on")).to_be_visible()
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Tokens from").fill("900")
    page.keyboard.press("Enter")
    expect(page.locator(".chips")).to_contain_text("≥ 900 tokens")
    wanted = ask(visitor.server, "/v1/sessions?tokens_from=900&total=true")["total"]
    assert 0 < wanted < ask(visitor.server, "/v1/sessions?total=true")["total"]
    expect(page.locator("#count")).to_have_text(re.compile(f"^{wanted} session"))
    page.locator(".chips a", has_text="900 tokens").click()
    expect(page.locator(".chips")).to_have_count(0)
