"""The browser, a real server with sessions in it, and pages that note what they must not do."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, sync_playwright

from tests.support.serving import HANSARD, Served, serving

ROOT = Path(__file__).resolve().parents[2]
SCREENS = ROOT / "build" / "screens"
CHROMIUM = os.environ.get("HANSARD_CHROMIUM") or shutil.which("chromium")
WIDE, NARROW = {"width": 1400, "height": 900}, {"width": 390, "height": 844}


@dataclass
class Seen:
    """What a page must not do: errors, broken policies, requests to other hosts, dialogs."""

    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        return not (self.errors or self.elsewhere or self.dialogs)


@dataclass
class Visitor:
    """Somebody's browser at a server."""

    context: BrowserContext
    page: Page
    server: Served
    seen: Seen

    def go(self, path: str) -> Page:
        self.page.goto(self.server.url + path)
        return self.page

    def sign_in(self) -> Page:
        self.go("/ui/sign-in")
        self.page.fill("#key", self.server.key)
        self.page.click("button.primary")
        self.page.wait_for_url("**/ui/")
        return self.page


def api(server: Served) -> httpx.Client:
    return httpx.Client(
        base_url=server.url, headers={"Authorization": f"Bearer {server.key}"}, timeout=30
    )


def ask(server: Served, path: str) -> Any:
    """What the API answers, to compare with."""
    with api(server) as client:
        return client.get(path).json()


def hansard(server: Served, *arguments: str) -> str:
    done = subprocess.run(
        [HANSARD, *arguments],
        cwd=server.folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


def watched(page: Page, server: Served, seen: Seen) -> None:
    def dismissed(dialog: Dialog) -> None:
        seen.dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on(
        "console",
        lambda message: (
            seen.errors.append(message.text)
            if message.type == "error" and "Failed to load" not in message.text
            else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            seen.elsewhere.append(request.url)
            if not request.url.startswith((server.url, "data:", "blob:"))
            else None
        ),
    )
    page.on("dialog", dismissed)


def visitor_at(
    browser: Browser, server: Served, *, sign_in: bool = True, **options: Any
) -> Visitor:
    context = browser.new_context(**{"viewport": WIDE, **options})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    seen = Seen()
    watched(page, server, seen)
    visitor = Visitor(context, page, server, seen)
    if sign_in:
        visitor.sign_in()
    return visitor


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip(
            "NOT RUN: there is no Chromium here; python scripts/installed.py chromium says what "
            "to install"
        )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with the demo's sessions, of this module's own."""
    with serving(tmp_path_factory.mktemp("server")) as started:
        hansard(started, "demo", "--quiet")
        yield started


@pytest.fixture
def visitor(browser: Browser, server: Served) -> Iterator[Visitor]:
    """A signed-in browser; at the end nothing may have gone wrong in it."""
    guest = visitor_at(browser, server)
    yield guest
    guest.context.close()
    assert guest.seen.nothing, guest.seen


def rows(page: Page) -> list[str]:
    return [text.split("\n")[0] for text in page.locator(".row b").all_inner_texts()]
