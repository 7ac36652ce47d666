"""What operators do most, each with its clicks and keys counted against a goal."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.serving import Served, serving
from tests.ui.conftest import Visitor, api, rows, visitor_at


class Hands:
    """Counts what an operator clicks and presses."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0
        self.keys = 0
        self._began = time.perf_counter()

    def click(self, locator: Locator) -> None:
        locator.click()
        self.clicks += 1

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.keys += 1

    def done(self, job: str, *, clicks: int = 0, keys: int = 0) -> None:
        """Say what the job took, and hold it to its goal."""
        took = time.perf_counter() - self._began
        print(f"{job}: {self.clicks} clicks, {self.keys} keys, {took:.1f} s")
        assert self.clicks <= clicks
        assert self.keys <= keys


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with ten sessions of ann, a fork, and a long session that runs."""
    with serving(tmp_path_factory.mktemp("jobs")) as served, api(served) as client:
        for number in range(10):
            write(client, f"ask-{number}", [("user", f"Question {number}")], user="ann")
        write(client, "told", [("user", "For Joanna")], user="joanna.smith")
        write(client, "tree", [("user", "One"), ("assistant", "Two"), ("user", "Three")])
        client.post("/v1/sessions/tree/fork", json={"id": "twig", "message": 2})
        write(client, "twig", [("user", "Another way")])
        write(client, "live", [("user", f"Line {number}\n" * 4) for number in range(30)])
        client.post("/v1/sessions/live/runs", json={"id": "turn"})
        yield served


def write(
    client: httpx.Client, name: str, turns: list[tuple[str, str]], user: str | None = None
) -> None:
    client.post("/v1/sessions", json={"id": name, "user": user})
    messages = [{"role": role, "text": text} for role, text in turns]
    client.post(f"/v1/sessions/{name}/messages", json={"messages": messages})


@pytest.fixture
def operator(browser: Browser, filled: Served) -> Iterator[Visitor]:
    visitor = visitor_at(browser, filled)
    yield visitor
    assert visitor.seen.nothing, visitor.seen
    visitor.context.close()


def test_a_link_to_a_message_opened_by_somebody_signed_out(
    browser: Browser, filled: Served
) -> None:
    visitor = visitor_at(browser, filled, sign_in=False)
    page = visitor.go("/ui/sessions/tree?at=3#m3")
    hands = Hands(page)
    page.fill("#key", filled.key)
    hands.click(page.get_by_role("button", name="Sign in"))
    expect(page).to_have_url(re.compile(r"/ui/sessions/tree\?at=3#m3$"))
    expect(page.locator("#m3[data-target]")).to_be_in_viewport()
    hands.done("a link by someone signed out", clicks=1)
    visitor.context.close()


def test_what_a_user_was_told_is_found_by_a_part_of_the_name(operator: Visitor) -> None:
    page = operator.page
    hands = Hands(page)
    page.locator("input[type=search]").fill("anna")
    hands.click(page.locator(".chips a", has_text="joanna.smith"))
    hands.click(page.locator(".row", has_text="For Joanna"))
    expect(page.locator(".msg").first).to_contain_text("For Joanna")
    hands.done("what a user was told", clicks=2)


def test_a_fork_is_compared_with_its_original(operator: Visitor) -> None:
    page = operator.page
    hands = Hands(page)
    hands.click(page.locator(".row", has_text="Another way").first)
    hands.click(page.locator(".meta a", has_text="Compare"))
    expect(page.locator(".compare")).to_contain_text("Another way")
    expect(page.locator(".compare")).to_contain_text("Three")
    hands.done("compare a fork with its original", clicks=2)


def test_the_cost_of_each_agent_this_week_is_a_click_away(
    operator: Visitor, filled: Served
) -> None:
    with api(filled) as client:
        client.post("/v1/sessions", json={"id": "dear", "agent": "clerk"})
        message = {"role": "assistant", "text": "done", "usage": {"cost_usd": 12.5}}
        client.post("/v1/sessions/dear/messages", json={"messages": [message]})
    hands = Hands(operator.page)
    hands.click(operator.page.locator(".rail a", has_text="Insights"))
    row = operator.page.locator(".ranks tr", has_text="clerk")
    expect(row).to_contain_text("$12.50")
    hands.done("cost per agent this week", clicks=1)


def test_the_failed_calls_of_one_agent_are_two_clicks_away(
    operator: Visitor, filled: Served
) -> None:
    with api(filled) as client:
        for name, agent, response in (
            ("wrong", "porter", "Error: no such order"),
            ("well", "porter", "shipped"),
            ("others", "valet", "Error: no such order"),
        ):
            client.post("/v1/sessions", json={"id": name, "title": name, "agent": agent})
            parts = [
                {"type": "tool_call", "id": "c", "name": "find_order"},
                {"type": "tool_call_response", "id": "c", "response": response},
            ]
            message = {"role": "assistant", "parts": parts}
            client.post(f"/v1/sessions/{name}/messages", json={"messages": [message]})
    page = operator.go("/ui/")
    hands = Hands(page)
    hands.click(page.locator(".row", has_text="1 failed call").filter(has_text="porter"))
    hands.click(page.locator(".meta a", has_text="1 failed call"))
    expect(page.locator(".row")).to_have_count(1)
    expect(page.locator(".row")).to_contain_text("wrong")
    expect(page.locator(".chips")).to_contain_text("with failed calls")
    hands.done("failed calls of one agent", clicks=2)


def test_a_run_is_watched_to_its_end_without_the_mouse(operator: Visitor, filled: Served) -> None:
    page = operator.go("/ui/sessions/live")
    expect(page.locator("#live.on")).to_be_attached()
    hands = Hands(page)
    with api(filled) as client:
        for number in range(4):
            write(client, "live", [("assistant", f"Step {number}\n\n" * 12)])
            expect(page.locator(".msg").last).to_contain_text(f"Step {number}")
            expect(page.locator(".msg p").last).to_be_in_viewport()
        page.locator("#body").evaluate("body => { body.scrollTop -= 600 }")
        page.wait_for_timeout(200)
        write(client, "live", [("assistant", "While away\n\n" * 12)])
        expect(page.locator("#newer")).to_have_text("1 new message ↓")
        page.locator("#newer").click()
        expect(page.locator(".msg p").last).to_be_in_viewport()
        expect(page.locator("#newer")).to_have_count(0)
        client.post("/v1/sessions/live/runs/turn/finish", json={})
    hands.done("watch a run to its end")


def test_ten_sessions_are_rated_by_keys(operator: Visitor, filled: Served) -> None:
    page = operator.go("/ui/?scored=false&user=ann")
    page.locator(".row a").first.click()
    expect(page.locator("#pane .head")).to_be_visible()
    hands = Hands(page)
    for number in range(10):
        hands.press("+")
        expect(page.locator(".rate[aria-pressed=true]")).to_have_count(1)
        if number < 9:
            before = page.url
            hands.press("n")
            expect(page).not_to_have_url(before)
            expect(page.locator(".rate[aria-pressed=true]")).to_have_count(0)
    hands.done("rate ten sessions", keys=20)
    with api(filled) as client:
        rated = client.get("/v1/sessions?scored=true&score=helpful&user=ann&total=true").json()
    assert rated["total"] == 10


def test_a_user_is_erased_with_the_receipt_in_hand(operator: Visitor, filled: Served) -> None:
    with api(filled) as client:
        write(client, "goes", [("user", "Forget me")], user="bob")
    page = operator.go("/ui/sessions/goes")
    hands = Hands(page)
    hands.click(page.locator(".meta a", has_text="bob"))
    hands.click(page.get_by_text("Erase this user…"))
    page.get_by_label("to confirm").fill("bob")
    hands.click(page.get_by_role("button", name="Erase permanently"))
    expect(page.locator("#receipt")).to_contain_text('"signature"')
    hands.done("erase a user", clicks=3)
    with api(filled) as client:
        assert client.get("/v1/sessions/goes").status_code == 404


def test_every_session_in_which_a_refund_was_refused_is_one_query(
    operator: Visitor, filled: Served
) -> None:
    with api(filled) as client:
        for name, tool, failed in (
            ("refused", "refund", True),
            ("paid", "refund", False),
            ("lost", "track", True),
        ):
            call(client, name, tool, failed=failed)
    page = operator.page
    hands = Hands(page)
    page.locator("input[type=search]").fill("tool:refund has:failed-call")
    expect(page.locator("#count")).to_have_text("1 session")
    expect(page.locator(".row b")).to_have_text("Session refused")
    hands.done("every session in which a refund was refused")


def call(client: httpx.Client, name: str, tool: str, *, failed: bool) -> None:
    """A session in which a tool was called."""
    client.post("/v1/sessions", json={"id": name, "title": f"Session {name}"})
    request = {"type": "tool_call", "id": name, "name": tool, "arguments": {}}
    response = {"error": "not allowed"} if failed else {"ok": True}
    answer = {"type": "tool_call_response", "id": name, "name": tool, "response": response}
    messages = [{"role": "assistant", "parts": [request]}, {"role": "tool", "parts": [answer]}]
    client.post(f"/v1/sessions/{name}/messages", json={"messages": messages})


def test_fifty_are_resolved_and_undone_and_stand_where_they_stood(
    operator: Visitor, filled: Served
) -> None:
    with api(filled) as client:
        for number in range(50):
            body = {"id": f"old-{number}", "title": f"Old {number}", "channel": "pile"}
            client.post(
                "/v1/sessions", json=body | {"created_at": f"2026-01-01T00:{number:02}:00Z"}
            )
    page = operator.go("/ui/?channel=pile")
    expect(page.locator(".row")).to_have_count(50)
    before = rows(page)
    hands = Hands(page)
    page.locator(".row").first.hover()  # shows its box
    hands.click(page.locator(".row input").first)
    hands.click(page.get_by_role("button", name="Select the 50 on this page"))
    hands.click(page.locator("#bulk").get_by_role("button", name="Resolve", exact=True))
    expect(page.locator(".row .resolved")).to_have_count(50)
    hands.click(page.get_by_role("button", name="Undo"))
    expect(page.locator(".row .resolved")).to_have_count(0)
    assert rows(page) == before
    hands.done("50 resolved, undone", clicks=4)


def test_a_filtered_list_lets_go_of_what_no_longer_matches(
    operator: Visitor, filled: Served
) -> None:
    with api(filled) as client:
        for name in ("stays", "leaves"):
            client.post("/v1/sessions", json={"id": name, "title": name, "channel": "left"})
        page = operator.go("/ui/?channel=left")
        expect(page.locator("#live.on")).to_be_attached()
        expect(page.locator(".row")).to_have_count(2)
        client.patch("/v1/sessions/leaves", json={"channel": "other"})
        expect(page.locator(".row")).to_have_count(1)
        expect(page.locator(".row")).to_contain_text("stays")
        expect(page.locator("#count")).to_have_text("1 session")
