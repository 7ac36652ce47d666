"""Many sessions at once: what is ticked, near and far, is what is acted upon."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.ui.conftest import Visitor, ask, rows


def tick(page: Page, index: int, *modifiers: str) -> None:
    page.locator(".row").nth(index).scroll_into_view_if_needed()
    page.locator(".row input").nth(index).click(modifiers=list(modifiers))  # type: ignore[arg-type]  # names of keys


def test_what_is_ticked_stays_so_while_its_row_is_scrolled_away(visitor: Visitor) -> None:
    page = visitor.go("/ui/")
    first = rows(page)[0]
    page.locator(".row").first.hover()
    tick(page, 0)
    page.locator("#scroll").evaluate("box => box.scrollTop = box.scrollHeight")
    expect(page.locator(".row").last).to_be_in_viewport()
    total = ask(visitor.server, "/v1/sessions?total=true&limit=1")["total"]
    expect(page.locator(f".row[aria-posinset='{total}']")).to_be_visible()
    last = page.locator(".row").count() - 1
    tick(page, last - 3)
    tick(page, last, "Shift")
    expect(page.locator("#bulk")).to_contain_text("5 sessions selected")
    titles = {first[:40], *(title[:40] for title in rows(page)[last - 3 :])}
    page.locator("#bulk [data-do=tag]").click()
    page.locator("dialog input").fill("looked-at")
    page.locator("dialog button.primary").click()
    expect(page.locator("#toasts")).to_contain_text("5 sessions tagged")
    tagged = ask(visitor.server, "/v1/sessions?tag=looked-at")["data"]
    assert {item["title"][:40] for item in tagged} == titles
    expect(page.locator("#bulk")).to_be_hidden()
    page.locator("#toasts button", has_text="Undo").last.click()
    expect(page.locator("#toasts")).to_contain_text("5 restored")


def test_a_page_and_then_all_are_chosen_in_two_steps(visitor: Visitor) -> None:
    page = visitor.go("/ui/")
    total = ask(visitor.server, "/v1/sessions?total=true&limit=1")["total"]
    page.locator(".row").first.hover()
    tick(page, 0)
    page.get_by_role("button", name="Select the 50 on this page").click()
    expect(page.locator("#bulk")).to_contain_text("50 sessions selected")
    page.get_by_role("button", name=f"Select all {total} that match").click()
    expect(page.locator("#bulk")).to_contain_text(f"{total} sessions match and are selected")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#bulk")).to_be_hidden()
    expect(page.locator(".row input:checked")).to_have_count(0)


def test_what_is_chosen_is_exported_and_so_is_what_a_filter_finds(visitor: Visitor) -> None:
    page = visitor.go("/ui/?state=failed")
    failed = ask(visitor.server, "/v1/sessions?state=failed&total=true&limit=1")["total"]
    page.locator(".row").first.hover()
    tick(page, 0)
    tick(page, 2, "Shift")
    expect(page.locator("#bulk")).to_contain_text("3 sessions selected")
    with page.expect_download() as fetched:
        page.locator("#bulk [data-do=export]").click()
    assert len(fetched.value.path().read_text().splitlines()) == 3
    page.get_by_title("Export these").click()
    expect(page.locator("#main")).to_contain_text(re.compile(f"Download {failed} sessions"))
