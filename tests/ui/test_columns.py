"""What a reader does to the list itself: its columns, its width, a row under the cursor."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.ui.conftest import Visitor, api


def test_a_key_of_the_metadata_is_chosen_and_stays(visitor: Visitor) -> None:
    page = visitor.go("/ui/?channel=web")
    expect(page.locator("#live.on")).to_be_visible()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Columns").click()
    page.get_by_label("language").check()
    page.get_by_role("button", name="Show columns").click()
    expect(page.locator(".row .cell").first).to_contain_text("language")
    page.locator(".row a").first.click()
    expect(page.locator("#pane h1")).to_be_visible()
    expect(page.locator(".row .cell").first).to_be_visible()
    page.get_by_text("State", exact=True).click()
    page.get_by_role("checkbox", name="completed").check()
    expect(page.locator(".chips a", has_text="state: completed")).to_be_visible()
    expect(page.locator(".row .cell").first).to_contain_text("language")
    lefts = page.locator(".row .cell").evaluate_all(
        "cells => [...new Set(cells.map(cell => cell.getBoundingClientRect().left))].length"
    )
    assert lefts == 1, "values stand below each other"


def test_the_list_is_as_wide_as_the_reader_draws_it(visitor: Visitor) -> None:
    page = visitor.go("/ui/")
    box = page.locator("#scroll").bounding_box()
    assert box
    right, bottom = box["x"] + box["width"], box["y"] + box["height"]
    page.mouse.move(right - 4, bottom - 4)
    page.mouse.down()
    page.mouse.move(right + 116, bottom - 4, steps=4)
    page.mouse.up()
    wider = page.locator("#list").bounding_box()
    assert wider
    assert wider["width"] > box["width"] + 80


def test_e_settles_the_row_under_the_cursor(visitor: Visitor) -> None:
    page = visitor.go("/ui/?state=waiting")
    expect(page.locator("#live.on")).to_be_visible()
    page.keyboard.press("j")
    row = page.locator(".row a").first
    expect(row).to_be_focused()
    href = row.get_attribute("href")
    assert href
    uid = href.partition("?")[0].rpartition("/")[2]
    with api(visitor.server) as client:
        assert client.get(f"/v1/sessions/{uid}").json()["resolution"] != "resolved"
    page.keyboard.press("e")
    expect(page.locator("#toasts")).to_contain_text("Resolved")
    with api(visitor.server) as client:
        assert client.get(f"/v1/sessions/{uid}").json()["resolution"] == "resolved"
