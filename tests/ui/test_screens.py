"""Every screen, light and dark, wide and narrow.

Pictures for people, accessibility, and nothing fetched from elsewhere.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest
from axe_playwright_python.base import AXE_FILE_PATH  # type: ignore[import-untyped]  # it comes without types
from playwright.sync_api import Browser, Page, expect

from tests.support.serving import Served
from tests.ui.conftest import NARROW, SCREENS, WIDE, Visitor, api, ask, visitor_at

THEMES = ("light", "dark")
CHECKPOINT = {
    "session": {"title": "A late parcel", "channel": "langgraph", "user": "ada"},
    "id": "1f0b2c58-7d41-6f0a-8002-3c9a5f1e7d20",
    "ns": "",
    "type": "msgpack",
    "data": "AAAA" * 700,
    "meta": "e30=",
    "facts": {"step": 2, "source": "loop"},
    "messages": [{"role": "user", "text": "Where is my parcel?"}],
    "documents": [
        {"scope": "session", "key": "plan", "value": {"steps": ["find", "tell"]}},
        {"scope": "session", "key": "notes/what the customer wants", "value": "x" * 3000},
    ],
}
"""The state of a graph, with what it said and two documents."""
WIDTHS = {1400: WIDE, 390: NARROW}
VIOLATIONS = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
    .map(rule => `${rule.id}: ${rule.nodes.slice(0, 3).map(node =>
        node.target.join(' ') + ' ' + (node.any[0]?.message ?? '')).join(' | ')}`)"""


@pytest.fixture(scope="module")
def paths(server: Served) -> dict[str, str]:
    """The screens by name; a session with failed calls, pictures and a trail among them."""
    with api(server) as client:
        client.patch("/v1/workspace", json={"settings": {"sharing": True}})
        client.post("/v1/views", json={"name": "Needs a person", "query": "state=waiting"})
        items = client.get("/v1/search?q=crushed&limit=50").json()["data"]
        refund = next(item["session"] for item in items if item["session"]["trail"])
        failed = client.get("/v1/sessions?state=failed&limit=1").json()["data"][0]
        shared = client.post(
            f"/v1/sessions/{refund['uid']}/shares", json={"expires_at": "2027-01-01T00:00:00Z"}
        ).json()["path"]
        client.post(f"/v1/sessions/{refund['uid']}/notes", json={"text": "Look", "message": 2})
        client.post(f"/v1/sessions/{refund['uid']}/scores", json={"name": "tone", "value": 0.4})
        fork = client.post(f"/v1/sessions/{refund['uid']}/fork", json={"message": 2}).json()
        client.patch(f"/v1/sessions/{refund['uid']}", json={"assignee": "grace"})
        hook = {"url": "http://127.0.0.1:9/" + "hook" * 40, "types": ["session.deleted"]}
        webhook = client.post("/v1/webhooks", json=hook).json()
        client.post(f"/v1/webhooks/{webhook['id']}/test")
        client.post("/v1/sessions/thread-17/checkpoints", json=CHECKPOINT)
    session_path = f"/ui/sessions/{refund['uid']}"
    return {
        "sessions": "/ui/",
        "search": "/ui/?q=refund",
        "filtered": "/ui/?state=failed&state=interrupted",
        "columns": "/ui/?columns=language,demo",
        "choose-columns": "/ui/columns?columns=language",
        "nothing": "/ui/?state=failed&user=nobody",
        "conversation": session_path,
        "failed": f"/ui/sessions/{failed['uid']}",
        "turns": f"{session_path}?tab=turns",
        "notes": f"{session_path}?tab=notes",
        "details": f"{session_path}?tab=details",
        "state": "/ui/sessions/thread-17?tab=details",
        "compare": f"/ui/sessions/{fork['uid']}/compare",
        "attention": "/ui/attention",
        "user": f"/ui/users/{refund['user']}",
        "raw": f"{session_path}?tab=raw",
        "insights": "/ui/insights",
        "transfer": "/ui/transfers",
        "keys": "/ui/keys",
        "settings": "/ui/settings",
        "audit": "/ui/audit",
        "webhook": f"/ui/webhooks/{webhook['id']}",
        "docs": "/docs",
        "shared": shared,
        "not-found": "/ui/nowhere",
        "sign-in": "/ui/sign-in",
    }


@pytest.fixture(
    scope="module",
    params=[(theme, width) for theme in THEMES for width in WIDTHS],
    ids=lambda screen: f"{screen[0]}-{screen[1]}",
)
def looking(
    request: pytest.FixtureRequest, browser: Browser, server: Served
) -> Iterator[tuple[Visitor, str]]:
    theme, width = request.param
    visitor = visitor_at(
        browser, server, viewport=WIDTHS[width], color_scheme=theme, bypass_csp=False
    )
    visitor.page.add_init_script(
        "document.addEventListener('securitypolicyviolation', event => console.error('CSP ' + "
        "event.violatedDirective))"
    )
    yield visitor, f"{theme}-{width}"
    visitor.context.close()


def violations(page: Page) -> list[str]:
    """What axe finds; it is put in from outside, past the page's policy."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE_FILE_PATH.read_text()})
    problems: list[str] = page.evaluate(VIOLATIONS)
    return problems


def test_every_screen(looking: tuple[Visitor, str], paths: dict[str, str]) -> None:
    visitor, kind = looking
    SCREENS.mkdir(parents=True, exist_ok=True)
    problems: dict[str, list[str]] = {}
    for name, path in paths.items():
        page = visitor.go(path)
        expect(page.locator("h1, h2, .row").first).to_be_attached()
        page.wait_for_timeout(250)
        page.screenshot(path=SCREENS / f"{name}-{kind}.png")
        faults = violations(page)
        overflow = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        if faults or overflow:
            problems[name] = faults + ["wider than the screen"] * overflow
    assert not problems, "\n".join(
        f"{name}: {fault}" for name, faults in problems.items() for fault in faults
    )
    assert visitor.seen.nothing, visitor.seen


@pytest.mark.parametrize("name", ["keys", "audit", "turns"])
def test_a_table_is_whole_on_a_narrow_screen(
    looking: tuple[Visitor, str], paths: dict[str, str], name: str
) -> None:
    """Nothing of a row lies beyond the right edge, where nobody looks for a button."""
    page = looking[0].go(paths[name])
    wide = (
        "[...document.querySelectorAll('table.grid td > *')].filter(one => "
        "one.getBoundingClientRect().right > innerWidth).length"
    )
    assert page.locator("table.grid tr").count() > 1
    assert page.evaluate(wide) == 0


def test_open_menus_dialogs_and_the_selection_too(looking: tuple[Visitor, str]) -> None:
    visitor, kind = looking
    page = visitor.go("/ui/")
    problems = {}
    expect(page.locator("#live.on")).to_be_visible()
    page.get_by_text("State", exact=True).click()
    page.wait_for_timeout(250)
    page.screenshot(path=SCREENS / f"menu-{kind}.png")
    problems["menu"] = violations(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(page.locator("dialog.palette")).to_be_visible()
    page.screenshot(path=SCREENS / f"palette-{kind}.png")
    problems["palette"] = violations(page)
    page.keyboard.press("Escape")
    page.locator(".row input").first.check(force=True)
    expect(page.locator("#bulk")).to_be_visible()
    page.screenshot(path=SCREENS / f"selection-{kind}.png")
    problems["selection"] = violations(page)
    assert {name: faults for name, faults in problems.items() if faults} == {}


def test_a_key_is_made_with_its_samples_and_its_first_call_is_seen(visitor: Visitor) -> None:
    page = visitor.go("/ui/keys")
    page.locator("input[name=name]").fill("probe")
    page.get_by_role("button", name="Create key").click()
    text = page.locator(".secret code").inner_text()
    expect(page.locator(".samples pre").first).to_contain_text(text)
    expect(page.locator(".wait")).to_contain_text("Waiting for the first request")
    page.screenshot(path=SCREENS / "key-made-light-1400.png")
    assert violations(page) == []
    served = visitor.server
    second = Served(served.url, text, served.folder, served.process)
    assert "data" in ask(second, "/v1/sessions?limit=1")
    expect(page.locator(".wait")).to_contain_text("Received", timeout=8000)


def test_a_file_is_imported_on_the_page(visitor: Visitor) -> None:
    page = visitor.go("/ui/transfers")
    messages = [
        {"role": "user", "content": "Where is my parcel?", "timestamp": time.time() - 60},
        {"role": "assistant", "content": "On its way.", "timestamp": time.time()},
    ]
    line = json.dumps([{"messages": messages}]).encode()
    page.set_input_files(
        "#file", {"name": "chats.json", "mimeType": "application/json", "buffer": line}
    )
    expect(page.locator("#imported")).to_contain_text("1 imported")
    page.reload()
    page.set_input_files(
        "#file", {"name": "chats.json", "mimeType": "application/json", "buffer": line}
    )
    expect(page.locator("#imported")).to_contain_text("1 unchanged")
    page.set_input_files(
        "#file",
        {"name": "junk.bin", "mimeType": "application/octet-stream", "buffer": b"\x00\x01junk"},
    )
    expect(page.locator("#imported")).to_contain_text(re.compile("format|read", re.IGNORECASE))


def test_an_export_can_be_downloaded(visitor: Visitor) -> None:
    page = visitor.go("/ui/transfers?state=failed")
    with page.expect_download() as started:
        page.get_by_role("link", name=re.compile("Download")).click()
    lines = started.value.path().read_text().splitlines()
    assert len(lines) == ask(visitor.server, "/v1/sessions?state=failed&total=true")["total"]


def test_insights_lead_to_their_sessions(visitor: Visitor) -> None:
    page = visitor.go("/ui/insights?days=30")
    bar = page.locator("#main figure").first.locator("svg a").last
    tip = bar.locator("title").text_content() or ""
    page.goto(visitor.server.url + (bar.get_attribute("href") or ""))
    expect(page.locator("#count")).to_contain_text(
        re.compile(rf"^{tip.rpartition(': ')[2]} session")
    )
    page.go_back()
    page.locator("figure summary").first.click()
    expect(page.locator("figure table").first).to_be_visible()
