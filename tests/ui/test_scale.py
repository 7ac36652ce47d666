"""Many sessions: each answer in under a tenth of a second, and no blank frame while scrolling.

HANSARD_CROWD says how many: 10,000 in every run, 100,000 when the promise is to be seen at its full
size.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Browser, expect

from hansard.app import opened
from hansard.model import MessageDraft, SessionDraft
from hansard.model.parts import text_part
from hansard.model.transfer import Incoming
from hansard.settings import Settings
from tests.support.serving import Served, serving
from tests.ui.conftest import Visitor, visitor_at

COUNT, AT_ONCE = int(os.environ.get("HANSARD_CROWD", "10000")), 500
LAST = COUNT - 1
LIMIT_MS = 100
WORDS = ("invoice", "parcel", "password", "booking", "refund", "battery", "contract", "visa")


def incoming(number: int, now: int) -> Incoming:
    text = f"My {WORDS[number % 8]} number {number} has a problem since day {number % 365}"
    at = now - number * 20_000_000
    message = MessageDraft(
        role="user", parts=text_part(text), text=text, client_id=f"c{number}", created_at=at
    )
    draft = SessionDraft(
        id=f"s{number}",
        channel=("web", "api", "whatsapp")[number % 3],
        agent=f"agent-{number % 5}",
        created_at=at,
    )
    return Incoming(draft=draft, messages=[message], ended_at=at if number % 4 else None)


async def fill(url: str) -> None:
    async with opened(Settings(store=url)) as service:
        workspace = (await service.workspaces.list())[0]
        principal, now = service.workspaces.operator(workspace), service.clock()
        for start in range(0, COUNT, AT_ONCE):
            prepared = await service.transfers.prepare(
                principal, [incoming(number, now) for number in range(start, start + AT_ONCE)]
            )
            await service.transfers.bring(prepared)


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("crowded")) as server:
        server.stop()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, fill(f"sqlite:///{server.folder / 'hansard.db'}")).result()
        server.start()
        yield server


@pytest.fixture(scope="module")
def reader(browser: Browser, crowded: Served) -> Iterator[Visitor]:
    visitor = visitor_at(browser, crowded)
    yield visitor
    visitor.context.close()


def milliseconds(visitor: Visitor, path: str) -> float:
    """The time of an answer, with its way through the network of one machine.

    The best of several, since others use the machine too.
    """
    took = []
    for _ in range(12):
        began = time.perf_counter()
        answer = visitor.page.request.get(visitor.server.url + path)
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status == 200, path
    return min(took)


def test_search_and_statistics_catch_up(reader: Visitor) -> None:
    request, url, until = reader.page.request, reader.server.url, time.monotonic() + 300
    while (
        f"<mark>{LAST}</mark>" not in request.get(f"{url}/ui/?q={LAST}").text()
        and time.monotonic() < until
    ):
        time.sleep(0.5)
    while "still follow" in request.get(f"{url}/ui/insights").text() and time.monotonic() < until:
        time.sleep(0.5)
    assert time.monotonic() < until


@pytest.mark.parametrize(
    "path",
    [
        "/ui/",
        f"/ui/rows?page={COUNT // 100}",
        "/ui/?channel=whatsapp",
        "/ui/?channel=web&agent=agent-2",
        "/ui/?q=refund",
        "/ui/insights",
    ],
    ids=["first", "middle", "filter", "two filters", "search", "insights"],
)
def test_answers_take_less_than_a_tenth_of_a_second(reader: Visitor, path: str) -> None:
    took = milliseconds(reader, path)
    print(f"{path}: {took:.1f} ms")
    assert took < LIMIT_MS


def test_scrolling_shows_rows_or_their_shapes_and_never_a_blank(reader: Visitor) -> None:
    page = reader.go("/ui/")
    expect(page.locator("#count")).to_have_text(f"{COUNT:,} sessions")
    page.locator(".row").first.hover()
    page.wait_for_timeout(300)
    blank = page.evaluate(
        """async () => {
          const box = document.querySelector('#scroll'), rows = document.querySelector('#rows')
          const end = box.scrollHeight - box.clientHeight
          let blank = 0
          for (let frame = 0; frame <= 60; frame++) {
            box.scrollTop = end * frame / 60
            await new Promise(requestAnimationFrame)
            const at = box.getBoundingClientRect()
            const under = document.elementFromPoint(at.left + 60, at.top + at.height / 2)
            if (!under?.closest('#rows')) blank++
          }
          return blank
        }"""
    )
    assert blank == 0
    expect(page.locator(".row b", has_text=f"number {LAST} ")).to_be_visible()
    page.locator("#scroll").evaluate("(box, half) => { box.scrollTop = half * 76 }", COUNT // 2)
    expect(page.locator(f".row[aria-posinset='{COUNT // 2 + 1}']")).to_be_in_viewport()
    assert page.locator(".row").count() <= 7 * 50
