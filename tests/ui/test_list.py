"""The list and what is opened from it: filters, search, links, Back, scrolling, the keyboard."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, Route, expect

from tests.support.serving import Served
from tests.ui.conftest import NARROW, SCREENS, Visitor, api, ask, rows, visitor_at


def test_a_filter_is_in_the_address_and_back_takes_it_away(visitor: Visitor) -> None:
    page = visitor.page
    total = ask(visitor.server, "/v1/sessions?archived=false&total=true&limit=1")["total"]
    assert ask(visitor.server, "/v1/sessions?archived=true")["data"], "there is an archive"
    expect(page.locator("#count")).to_have_text(f"{total} sessions")
    page.get_by_text("State", exact=True).click()
    page.locator("input[name=state][value=failed]").check()
    expect(page).to_have_url(re.compile(r"\?state=failed$"))
    expect(page.locator(".chips a:not(.clear)")).to_have_text(re.compile("state: failed"))
    failed = ask(visitor.server, "/v1/sessions?state=failed&total=true")["total"]
    expect(page.locator("#count")).to_have_text(f"{failed} sessions")
    expect(page.locator(".row .st.failed")).to_have_count(failed)
    page.go_back()
    expect(page).to_have_url(re.compile("/ui/$"))
    expect(page.locator("#count")).to_have_text(f"{total} sessions")


def test_a_session_opens_beside_the_list_and_its_link_opens_the_same_place(
    visitor: Visitor,
) -> None:
    page = visitor.page
    page.locator(".row a").nth(3).click()
    title = page.locator("#pane h1")
    expect(title).to_be_visible()
    expect(page.locator(".row a[aria-current]")).to_have_count(1)
    link = page.url
    page.locator(".tabs2 a", has_text="Turns").click()
    expect(page.locator(".grid")).to_be_visible()
    page.go_back()
    expect(page.locator("#talk")).to_be_visible()
    other = visitor.context.new_page()
    other.goto(link)
    expect(other.locator("#pane h1")).to_have_text(title.inner_text())
    expect(other.locator(".row").first).to_be_visible()


def test_a_click_that_begins_before_the_scripts_are_there_is_not_lost(visitor: Visitor) -> None:
    """They come at the first sign of a pointer, and lay the rows out while one is pressed."""
    page = visitor.page
    held: list[Route] = []
    page.route("**/more.js", lambda route: held.append(route))  # noqa: PLW0108 - a method takes no mark of Playwright's
    page.locator(".row a").nth(3).hover()
    while not held:
        page.wait_for_timeout(10)
    page.mouse.down()
    held[0].continue_()
    expect(page.locator(".row input").first).to_be_attached()
    page.wait_for_timeout(200)
    page.mouse.up()
    expect(page.locator("#pane h1")).to_be_visible()


def test_a_row_that_changes_while_it_is_pressed_opens(visitor: Visitor) -> None:
    page = visitor.go("/ui/?channel=web")
    expect(page.locator("#live.on")).to_be_visible()
    link = page.locator(".row a").nth(2)
    link.hover()
    expect(page.locator(".row input").first).to_be_attached()
    href = link.get_attribute("href") or ""
    assert href.endswith("?channel=web")
    page.mouse.down()
    with api(visitor.server) as client, page.expect_response("**/ui/row/*"):
        client.post(
            f"/v1/sessions/{href.rpartition('/')[2].partition('?')[0]}/messages",
            json={"messages": [{"role": "user", "text": "said while somebody pressed"}]},
        ).raise_for_status()
    page.wait_for_timeout(300)
    page.mouse.up()
    expect(page.locator("#pane h1")).to_be_visible()
    expect(page.locator(".row", has_text="said while somebody pressed")).to_be_visible()
    assert link.get_attribute("href") == href


def test_search_marks_what_it_finds_and_lands_on_the_message(visitor: Visitor) -> None:
    page = visitor.page
    expect(page.locator("#live.on")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("refund")
    expect(page.locator(".row mark").first).to_be_visible()
    expect(page).to_have_url(re.compile("q=refund"))
    assert page.evaluate("document.activeElement.name") == "q"
    page.locator(".row:has(p mark) a").first.click()
    expect(page.locator("#talk mark:visible").first).to_be_visible()
    expect(page.locator("[data-target]")).to_be_in_viewport()
    page.go_back()
    expect(page.locator(".row mark").first).to_be_visible()


def test_a_qualifier_narrows_and_becomes_a_chip(visitor: Visitor) -> None:
    page = visitor.go("/ui/?q=state%3Afailed")
    expect(page.locator(".chips a:not(.clear)")).to_have_text(re.compile("state:failed"))
    states = {icon.get_attribute("aria-label") for icon in page.locator(".row .st").all()}
    assert states == {"failed"}


def test_nothing_found_offers_the_way_out(visitor: Visitor) -> None:
    page = visitor.go("/ui/?state=failed&user=nobody")
    expect(page.locator(".outs a")).to_have_count(1)
    total = ask(visitor.server, "/v1/sessions?state=failed&total=true")["total"]
    expect(page.locator(".outs a", has_text="user: nobody")).to_contain_text(f"{total} sessions")
    page.locator(".outs a", has_text="user: nobody").click()
    expect(page.locator(".row")).to_have_count(total)


def test_nothing_found_for_words_counts_with_the_words(visitor: Visitor) -> None:
    page = visitor.go("/ui/?q=refund+state%3Afailed+zzzqqq")
    expect(page.locator(".outs a")).to_have_count(1)
    rest = ask(visitor.server, "/v1/search?q=state:failed&total=true")["total"]
    expect(page.locator(".outs a", has_text="“refund zzzqqq”")).to_contain_text(f"{rest} session")
    page = visitor.go("/ui/?user=nobody&app=nothing")
    expect(page.locator(".empty", has_text="Removing a filter is not enough")).to_be_visible()


def test_escape_closes_what_is_read_and_leaves_the_list_as_it_was(visitor: Visitor) -> None:
    page = visitor.go("/ui/?state=failed")
    page.locator(".row a").nth(1).click()
    expect(page.locator("#pane h1")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"/ui/\?state=failed$"))
    expect(page.locator("#pane")).to_contain_text("Select a session to read it")
    expect(page.locator(".row a[aria-current]")).to_have_count(0)
    expect(page.locator(".stale")).to_have_count(0)
    expect(page.locator("#toasts")).to_be_empty()
    page.go_back()
    expect(page.locator("#pane h1")).to_be_visible()


def test_the_hits_of_a_search_are_walked_from_the_one_that_was_opened(visitor: Visitor) -> None:
    page = visitor.go("/ui/?q=refund")
    page.locator(".row:has(p mark) a").first.click()
    expect(page.locator("[data-target] mark.at")).to_be_in_viewport()
    marks = page.locator("#body mark")
    at = marks.evaluate_all("all => all.findIndex(one => one.matches('.at'))")
    page.keyboard.press("n")
    expect(page.locator("#toasts")).to_contain_text(
        f"{(at + 1) % marks.count() + 1} of {marks.count()}"
    )
    expect(page.locator("mark.at")).to_be_in_viewport()


def test_the_time_of_a_message_is_its_link(visitor: Visitor) -> None:
    page = visitor.go("/ui/?state=failed")
    page.locator(".row a").first.click()
    message = page.locator(".msg:has(.place)").nth(1)
    anchor = message.get_attribute("id")
    message.locator(".place").click()
    expect(page).to_have_url(re.compile(rf"state=failed&at=\d+#{anchor}$"))
    expect(page.locator(f"#{anchor}[data-target]")).to_be_visible()


def test_a_span_of_days_is_one_click(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_text("Date", exact=True).click()
    page.get_by_text("Last 7 days", exact=True).click()
    expect(page.locator(".chips a:not(.clear)")).to_have_text(re.compile(r"^from: \d{4}-\d\d-\d\d"))
    expect(page.locator("summary.on")).to_have_text("Date")
    since = re.search(r"created_from=([^&]+)", page.url)
    assert since
    total = ask(visitor.server, f"/v1/sessions?created_from={since[1]}&total=true&limit=1")["total"]
    expect(page.locator("#count")).to_have_text(f"{total} sessions")


def test_the_keyboard_alone_is_enough(visitor: Visitor) -> None:
    page = visitor.page
    expect(page.locator("#live.on")).to_be_visible()
    for key in ("j", "j", "j", "k"):
        page.keyboard.press(key)
        page.wait_for_timeout(80)
    focused = page.evaluate("document.activeElement.querySelector('b').textContent")
    assert focused == page.locator(".row b").nth(1).text_content(), "three down, one up"
    page.keyboard.press("Enter")
    expect(page.locator("#pane h1")).to_contain_text(focused.rstrip("…"))
    before = page.locator(".head").get_attribute("data-resolution")
    page.keyboard.press("e")
    expect(page.locator("#toasts")).to_contain_text("Undo")
    assert page.locator(".head").get_attribute("data-resolution") != before
    page.locator("#toasts button").first.click()
    expect(page.locator(f".head[data-resolution={before}]")).to_be_visible()
    page.keyboard.press("d")
    expect(page.locator(".details")).to_be_visible()
    page.keyboard.press("m")
    expect(page.locator("#talk")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("dialog h2")).to_have_text("Keyboard shortcuts")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("insights")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/ui/insights"))
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page).to_have_url(re.compile("/ui/$"))


def test_a_search_from_the_palette_leads_to_the_list_from_any_screen(visitor: Visitor) -> None:
    page = visitor.go("/ui/insights")
    page.keyboard.press("Control+k")
    expect(page.locator(".palette input")).to_be_focused()
    page.keyboard.type("refund")
    page.get_by_role("option", name="Search for “refund”").click()
    expect(page).to_have_url(re.compile(r"/ui/\?q=refund$"))
    expect(page.locator(".row mark").first).to_be_visible()


def test_what_is_typed_behind_the_first_shortcut_waits_for_its_box(visitor: Visitor) -> None:
    page = visitor.page
    held: list[Route] = []
    page.route("**/more.js", lambda route: held.append(route))  # noqa: PLW0108 - a method takes no mark of Playwright's
    page.keyboard.press("Control+k")
    page.keyboard.type("in, e")
    while not held:
        page.wait_for_timeout(10)
    held[0].continue_()
    box = page.locator(".palette input")
    expect(box).to_have_value("in, e")
    expect(box).to_be_focused()
    expect(page.get_by_role("option", name="Search for “in, e”")).to_be_visible()
    page.keyboard.type("x")
    expect(box).to_have_value("in, ex")


def test_what_was_dimmed_by_a_lost_connection_is_clear_again_when_it_is_back(
    visitor: Visitor,
) -> None:
    page = visitor.go("/ui/?state=failed")
    page.locator(".row").first.hover()
    expect(page.locator(".row input").first).to_be_attached()
    visitor.context.set_offline(True)
    page.locator(".row a").nth(1).click()
    expect(page.locator(".stale .row").first).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("Can't reach the server")
    expect(page.locator(".row a[aria-current]")).to_have_count(0)
    visitor.context.set_offline(False)
    page.locator(".row a").nth(1).click()
    expect(page.locator("#pane h1")).to_be_visible()
    expect(page.locator(".stale")).to_have_count(0)


def test_single_keys_can_be_switched_off(visitor: Visitor) -> None:
    page = visitor.page
    page.keyboard.press("?")
    page.locator("dialog .off").click()
    page.locator(".row a").first.click()
    expect(page.locator("#pane h1")).to_be_visible()
    page.keyboard.press("d")
    page.wait_for_timeout(300)
    expect(page.locator("#talk")).to_be_visible()


def test_many_at_once_with_undo_and_a_count_that_must_hold(visitor: Visitor) -> None:
    page = visitor.go("/ui/?state=cancelled")
    total = ask(visitor.server, "/v1/sessions?state=cancelled&total=true")["total"]
    page.locator(".row").first.hover()
    page.locator(".row input").first.check()
    page.locator("#bulk [data-do=page]").click()
    expect(page.locator("#bulk")).to_contain_text(f"{total} sessions selected")
    page.locator("#bulk [data-do=resolve]").click()
    expect(page.locator("#toasts")).to_contain_text("resolved")
    resolved = ask(visitor.server, "/v1/sessions?state=cancelled&resolution=resolved&total=true")[
        "total"
    ]
    assert resolved == total
    page.locator("#toasts button", has_text="Undo").last.click()
    expect(page.locator("#toasts")).to_contain_text("restored")
    page.get_by_text("Channel", exact=True).click()
    expect(page.locator("#bulk")).to_be_hidden()


def test_what_cannot_be_undone_is_asked_by_its_name(visitor: Visitor) -> None:
    page = visitor.go("/ui/?state=failed")
    page.locator(".row").first.hover()
    page.locator(".row input").first.check()
    page.locator("#bulk [data-do=delete]").click()
    expect(page.locator("dialog h2")).to_have_text("Permanently delete 1 session")
    expect(page.locator("dialog label")).to_have_text("This can't be undone. Type 1 to confirm")
    expect(page.locator("dialog label")).to_be_visible()
    assert page.locator("dialog .primary").count() == 0
    page.screenshot(path=SCREENS / "delete-dialog.png")
    page.locator("dialog button.danger", has_text="Delete").click()
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#bulk")).to_contain_text("1 session selected")


def test_a_view_is_saved_and_stands_above_the_list(visitor: Visitor) -> None:
    page = visitor.go("/ui/?state=waiting")
    page.locator("[data-save-view]").click()
    page.locator("dialog input").fill("Waiting for us")
    page.locator("dialog button.primary").click()
    expect(page.locator(".tabs a[aria-current]")).to_have_text(
        re.compile(r"^\s*Waiting for us [1-9]\d*\s*$")
    )
    page.locator(".tabs a", has_text="All").click()
    expect(page).to_have_url(re.compile("/ui/$"))


def test_view_as_curl_is_the_same_list(visitor: Visitor) -> None:
    page = visitor.go("/ui/?state=failed&sort=created_at")
    page.locator(".count [data-curl]").click()
    text = page.locator("dialog pre").inner_text()
    path = re.search(r"'http://[^/]+(/[^']+)'", text)
    assert path
    titles = [session["title"] for session in ask(visitor.server, path[1])["data"]]
    shown = [row.rstrip("…") for row in rows(page)]
    assert len(shown) == len(titles)
    assert all(title.startswith(row) for row, title in zip(shown, titles, strict=True))


def small(page: Page) -> list[str]:
    """What can be pressed in sight and is lower than a finger is wide.

    A link in a text or to a single message may be.
    """
    too_small: list[str] = page.evaluate(
        """() => [...document.querySelectorAll(`a, button, summary, select,
            input:not([type=checkbox]), label:has([type=checkbox])`)]
        .filter(node => node.checkVisibility() && node.offsetParent)
        .filter(node => !node.closest('.sr, .skip, .meta, .said, .empty p'))
        .filter(node => !node.matches('.place, .run'))
        .filter(node => node.getBoundingClientRect().height < 43.5)
        .map(node => node.outerHTML.slice(0, 120))"""
    )
    return too_small


def test_a_narrow_screen_shows_one_thing_at_a_time(browser: Browser, server: Served) -> None:
    visitor = visitor_at(browser, server, viewport=NARROW, has_touch=True, is_mobile=True)
    page = visitor.page
    expect(page.locator("#list")).to_be_visible()
    expect(page.locator("#pane")).to_be_hidden()
    page.locator(".search").tap()
    assert (
        float(page.locator(".row input").first.evaluate("one => getComputedStyle(one).opacity"))
        > 0.5
    ), "a finger does not hover"
    page.locator(".row a").nth(2).tap()
    expect(page.locator("#pane h1")).to_be_visible()
    expect(page.locator("#list")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert small(page) == []
    page.locator("a.home").tap()
    expect(page.locator("#list")).to_be_visible()
    for menu in page.locator(".filters summary").all():
        menu.tap()
        assert small(page) == []
        page.keyboard.press("Escape")
    tick = page.locator(".row input").nth(1)
    size = tick.bounding_box()
    assert size
    assert (size["width"], size["height"]) >= (44, 44)
    page.touchscreen.tap(size["x"] + 3, size["y"] + 22)
    expect(tick).to_be_checked()
    expect(page.locator("#bulk")).to_contain_text("1 session selected")
    assert small(page) == []
    page.goto(server.url + "/ui/?state=failed&channel=web")
    assert (page.locator(".chips a:not(.clear)").count(), small(page)) == (2, [])
    assert visitor.seen.nothing, visitor.seen
    visitor.context.close()


def test_folded_tool_calls_are_high_enough_for_a_finger(browser: Browser, server: Served) -> None:
    calls = [
        {
            "role": "assistant",
            "parts": [{"type": "tool_call", "id": f"c{number}", "name": "look", "arguments": {}}],
        }
        for number in range(3)
    ]
    messages = [{"role": "user", "text": "Where is it?"}, *calls]
    with api(server) as client:
        uid = client.post("/v1/sessions", json={"title": "Folded calls"}).json()["uid"]
        client.post(f"/v1/sessions/{uid}/messages", json={"messages": messages}).raise_for_status()
    visitor = visitor_at(browser, server, viewport=NARROW, has_touch=True, is_mobile=True)
    page = visitor.go(f"/ui/sessions/{uid}")
    expect(page.locator(".calls > summary")).to_contain_text("3 tool calls")
    assert small(page) == []
    page.locator(".calls > summary").tap()
    expect(page.locator(".calls .call > summary").first).to_be_visible()
    assert small(page) == []
    visitor.context.close()
