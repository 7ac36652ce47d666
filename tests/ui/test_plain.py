"""Without JavaScript: sign in, list, filter, page, open, settle, sign out."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.serving import Served
from tests.ui.conftest import Visitor, api, visitor_at


@pytest.fixture
def bare(browser: Browser, server: Served) -> Iterator[Visitor]:
    guest = visitor_at(browser, server, java_script_enabled=False)
    yield guest
    guest.context.close()


def links(page: Page) -> list[str]:
    """The sessions that are listed, each by its own address, without the list's query."""
    return [
        (link.get_attribute("href") or "").partition("?")[0]
        for link in page.locator(".row a").all()
    ]


def test_list_filter_page_and_open(bare: Visitor) -> None:
    page = bare.page
    first = links(page)
    assert len(first) == 50
    page.get_by_role("link", name="Older").click()
    assert (len(links(page)), set(first) & set(links(page))) == (50, set())
    page.get_by_role("link", name="Newer").click()
    assert links(page) == first
    page.get_by_text("State", exact=True).click()
    page.locator("input[name=state][value=failed]").check()
    page.locator("details[open] button", has_text="Apply").click()
    expect(page).to_have_url(re.compile("state=failed"))
    page.locator(".row a").first.click()
    expect(page.locator("#pane h1")).to_be_visible()
    expect(page.locator(".row").first).to_be_visible()
    page.locator(".tabs2 a", has_text="Details").click()
    expect(page.locator(".details dl")).to_be_visible()


def test_settle_search_and_sign_out(bare: Visitor) -> None:
    page = bare.page
    page.locator("input[type=search]").fill("invoice")
    page.keyboard.press("Enter")
    expect(page.locator(".row mark").first).to_be_visible()
    page.locator(".row a").first.click()
    before = page.locator(".head").get_attribute("data-resolution")
    page.locator(".acts [data-key=e]").click()
    expect(page.locator(".head")).not_to_have_attribute("data-resolution", before or "")
    page.locator(".rail a", has_text="Settings").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/ui/sign-in"))
    bare.go("/ui/")
    expect(page).to_have_url(re.compile("/ui/sign-in"))


def test_a_webhook_is_tested(bare: Visitor) -> None:
    """The address is a private one, to which nothing is sent: the answer says so."""
    with api(bare.server) as client:
        hook = {"url": "http://127.0.0.1:9/hook", "types": ["session.deleted"]}
        webhook = client.post("/v1/webhooks", json=hook).json()
    page = bare.go("/ui/settings")
    page.get_by_role("button", name="Test http://127.0.0.1:9/hook").click()
    expect(page).to_have_url(re.compile("/ui/webhooks/wh_"))
    delivery = page.locator("tbody tr")
    expect(delivery).to_have_count(1)
    expect(delivery.locator("pre")).to_contain_text('"type":"webhook.test"')
    expect(delivery).to_contain_text("127.0.0.1 leads to a private address")
    with api(bare.server) as client:
        client.delete(f"/v1/webhooks/{webhook['id']}")


def test_the_theme_is_switched_by_a_form(bare: Visitor) -> None:
    assert bare.page.locator("html").get_attribute("data-theme") == "auto"
    bare.page.get_by_role("button", name="Theme").click()
    assert bare.page.locator("html").get_attribute("data-theme") == "light"


def test_a_wrong_key_is_told_kindly(browser: Browser, server: Served) -> None:
    visitor = visitor_at(browser, server, sign_in=False, java_script_enabled=False)
    page = visitor.go("/ui/sign-in")
    page.fill("#key", "hsd_wrong")
    page.click("button.primary")
    expect(page.get_by_role("alert")).to_contain_text("key is not valid")
    visitor.context.close()
