"""The first five minutes of a new user, walked as a script."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.interchange.homes import write_home
from tests.support.serving import HANSARD, Served, serving
from tests.ui.conftest import Visitor, hansard, visitor_at

LINK = re.compile(r"http://\S+/ui/setup\?token=\S+")


def test_the_first_five_minutes(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        visitor = visitor_at(browser, server, sign_in=False)
        opens_the_page_once(visitor, server, tmp_path)
        finds_and_settles_a_session(visitor.page, server)
        reads_a_failed_run(visitor.page, server)
        makes_a_key_and_sees_its_first_call(visitor, server)
        imports_a_file(tmp_path)
        copies_a_request_and_reads_the_reference(visitor.page, server)
        assert visitor.seen.nothing, visitor.seen
        visitor.context.close()


def opens_the_page_once(visitor: Visitor, server: Served, folder: Path) -> None:
    page = visitor.page
    link = LINK.search((folder / "serve.log").read_text())
    assert link, "the first start prints one link"

    page.goto(link[0])
    page.fill("#name", "acme")
    page.get_by_role("button", name="Open Hansard").click()
    expect(page.locator(".rail .brand")).to_contain_text("acme")
    assert visitor.context.request.get(link[0]).status == 404, "the link works once"

    if not page.locator(".row").count():
        hansard(server, "demo", "--workspace", "acme", "--quiet")
    expect(page.locator(".row").first).to_be_visible()
    expect(page.locator("#live.on")).to_be_attached(timeout=10_000)


def finds_and_settles_a_session(page: Page, server: Served) -> None:
    page.locator("input[type=search]").press_sequentially("refund", delay=20)
    expect(page.locator(".row mark").first).to_be_visible()
    page.locator("input[type=search]").press("Escape")
    page.goto(server.url + "/ui/?resolution=open")

    page.keyboard.press("j")
    page.wait_for_timeout(200)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#pane h1")).to_be_visible()
    page.keyboard.press("e")
    expect(page.locator("#toasts")).to_contain_text("Undo")
    expect(page.locator(".head[data-resolution=resolved]")).to_be_visible()


def reads_a_failed_run(page: Page, server: Served) -> None:
    page.goto(server.url + "/ui/?state=failed")
    page.locator(".row a").first.click()
    failed = page.locator(".call.failed").first
    expect(failed.locator("pre").last).to_be_visible()
    page.goto(page.url)
    expect(page.locator(".call.failed").first).to_be_visible()

    page.goto(server.url + "/ui/insights")
    bar = page.locator("figure").first.locator("svg a").last
    page.goto(server.url + (bar.get_attribute("href") or ""))
    expect(page.locator(".row").first).to_be_visible()


def makes_a_key_and_sees_its_first_call(visitor: Visitor, server: Served) -> None:
    page = visitor.page
    page.goto(server.url + "/ui/keys")
    page.fill("input[name=name]", "agent")
    page.get_by_role("button", name="Create key").click()
    expect(page.locator(".wait")).to_contain_text("Waiting for the first request")
    other = visitor.context.new_page()
    other.goto(server.url + "/ui/")
    expect(other.locator("#live")).to_be_attached()
    curl = shlex.split(page.locator(".samples pre").first.inner_text().replace("\\\n", " "))
    subprocess.run(
        [
            *curl,
            "-s",
            "-o",
            "/dev/null",
            "-X",
            "POST",
            "-H",
            "Content-Type: application/json",
            "-d",
            '{"title": "From curl"}',
        ],
        check=True,
    )
    expect(page.locator(".wait")).to_contain_text("Received", timeout=8000)
    expect(other.locator("#fresh")).to_contain_text("1 new session", timeout=10_000)
    other.locator("#fresh").click()
    expect(other.locator(".row b", has_text="From curl")).to_be_visible()


def imports_a_file(folder: Path) -> None:
    dialogues = [
        [
            {"role": "user", "content": f"Question {number}"},
            {"role": "assistant", "content": "Answer"},
        ]
        for number in range(20)
    ]
    lines = [json.dumps({"messages": messages}) for messages in dialogues]
    (folder / "chats.jsonl").write_text("\n".join([*lines, "not json"]) + "\n")
    done = subprocess.run(
        [HANSARD, "import", "chats.jsonl", "--workspace", "acme", "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(done.stdout)["new"] == 20


def copies_a_request_and_reads_the_reference(page: Page, server: Served) -> None:
    page.goto(server.url + "/ui/?channel=web")
    page.locator(".count [data-curl]").click()
    expect(page.locator("dialog pre")).to_contain_text("/v1/sessions?channel=web")
    page.goto(server.url + "/docs")
    expect(page.locator("h1")).to_have_text("Hansard")


def test_an_empty_page_imports_what_the_agents_on_this_machine_wrote(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(write_home(tmp_path / "home")))
    with serving(tmp_path) as server:
        visitor = visitor_at(browser, server)
        offer = visitor.page.locator("#discovery")
        expect(offer).to_contain_text("Claude Code", timeout=20_000)
        offer.get_by_role("button", name="Import").click()
        expect(visitor.page.locator(".row").first).to_be_visible(timeout=20_000)
        expect(offer).to_have_count(0)
        assert visitor.seen.nothing, visitor.seen
        visitor.context.close()
