"""The page behind a reverse proxy that serves it below a path: a browser never leaves the path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.reverse_proxy import ReverseProxy
from tests.support.serving import Served, serving
from tests.ui.conftest import Visitor, api, visitor_at

ROOT = "/tools/hansard"


@pytest.fixture(params=[True, False], ids=["stripping", "keeping"])
def proxy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ReverseProxy, Served]]:
    """A proxy that takes the path off, or leaves it on, and the server as it is seen through it."""
    folder = tmp_path_factory.mktemp("server")
    with serving(folder, "0", "--root-path", ROOT) as server:
        direct = server.url.removesuffix(ROOT)
        with ReverseProxy(direct, ROOT, strips=request.param).running() as between:
            yield between, replace(server, url=between.url)


def test_a_day_of_work_stays_below_the_path(
    browser: Browser, proxy: tuple[ReverseProxy, Served]
) -> None:
    between, server = proxy
    with api(server) as client:
        client.patch("/v1/workspace", json={"settings": {"sharing": True}}).raise_for_status()
        for name in ("one", "two"):
            created = client.post("/v1/sessions", json={"id": name, "title": f"Session {name}"})
            assert created.headers["location"] == f"{ROOT}/v1/sessions/{name}"
            _say(server, name, "hello")
    visitor = visitor_at(browser, server, sign_in=False)
    page = visitor.page
    _sign_in_on_the_way(visitor)
    _read_and_follow(page, server)
    _share(page)
    visitor.go("/ui/")
    _walk(page)
    _sign_out(page)
    assert between.refused == []
    assert visitor.seen.nothing, visitor.seen
    visitor.context.close()


def _say(server: Served, session: str, text: str) -> None:
    with api(server) as client:
        body = {"messages": [{"role": "user", "text": text}]}
        client.post(f"/v1/sessions/{session}/messages", json=body).raise_for_status()


def _sign_in_on_the_way(visitor: Visitor) -> None:
    """Whoever opens a link signs in first, and is where it leads then."""
    page = visitor.go("/ui/insights?days=7")
    page.fill("#key", visitor.server.key)
    page.click("button.primary")
    page.wait_for_url(f"**{ROOT}/ui/insights?days=7")
    page.locator("svg a").last.click()
    expect(page.locator(".row")).to_have_count(2)
    cookies = {cookie["path"] for cookie in visitor.context.cookies()}
    assert cookies == {f"{ROOT}/"}


def _read_and_follow(page: Page, server: Served) -> None:
    """A row opens beside the list, filters and search follow, and what happens is seen at once."""
    page.goto(server.url + "/ui/")
    expect(page.locator("#live.on")).to_be_attached(timeout=10_000)
    page.locator(".row", has_text="Session one").locator("a").first.click()
    expect(page.locator("#pane .msg")).to_have_count(1)
    assert f"{ROOT}/ui/sessions/" in page.url
    _say(server, "one", "and live")
    expect(page.locator("#pane .msg", has_text="and live")).to_have_count(1, timeout=10_000)
    page.keyboard.press("Escape")
    page.fill("input[type=search]", "two")
    expect(page.locator(".row")).to_have_count(1)
    page.fill("input[type=search]", f"{server.url}/ui/sessions/one")
    page.keyboard.press("Enter")
    expect(page.locator(".row")).to_have_count(1)
    page.goto(server.url + "/ui/")
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("[data-theme-switch]").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.locator(".row").first.hover()  # shows its box
    page.locator(".row input").first.check()
    page.locator("#bulk [data-do=archive]").click()
    expect(page.locator("#toasts")).to_contain_text("archived")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".row")).to_have_count(2)


def _share(page: Page) -> None:
    page.locator(".row a").first.click()
    page.locator("#pane .tabs2 a", has_text="Details").click()
    page.get_by_role("button", name="Create link").click()
    link = page.locator(".note.good code").inner_text()
    assert f"{ROOT}/s/" in link
    page.goto(link)
    expect(page.get_by_text("Read-only link")).to_be_visible()


def _walk(page: Page) -> None:
    """Every entry of the menu, a form, the reference, an unknown page."""
    for name in ("Attention", "Insights", "Import", "Keys", "Settings", "Sessions"):
        page.locator(".rail a", has_text=name).click()
        expect(page.locator(".rail a[aria-current]")).to_contain_text(name)
        assert re.search(rf"{ROOT}/ui/", page.url)
    page.locator(".rail a", has_text="Keys").click()
    page.locator("input[name=name]").fill("probe")
    page.get_by_role("button", name="Create key").click()
    expect(page.locator(".samples")).to_contain_text(f"{ROOT}/v1/sessions")
    page.locator(".rail a", has_text="API").click()
    page.locator("a", has_text="Errors").first.click()
    page.wait_for_url(f"**{ROOT}/docs/errors")
    page.goto(f"{page.url.partition('/docs')[0]}/ui/nowhere")
    expect(page.locator("main")).to_contain_text(f"{ROOT}/ui/nowhere")
    page.locator("a.primary").click()
    page.wait_for_url(f"**{ROOT}/ui/")


def _sign_out(page: Page) -> None:
    page.locator("form[action$=sign-out] button:visible").click()
    page.wait_for_url(f"**{ROOT}/ui/sign-in")
