"""The blocking client against a real server; what the async one shares is not tested twice."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest

from hansard.client import (
    Conflict,
    Forbidden,
    Hansard,
    Invalid,
    Misconfigured,
    NewMessage,
    NotFound,
    Unauthenticated,
    Unreachable,
)
from hansard.client.requests import error_of
from tests.support.serving import Served


@pytest.fixture
def name() -> str:
    """The id of a session of this test's own; any text without a slash will do."""
    return f"order {uuid.uuid4()}?#%ü"


def test_importing_the_client_imports_nothing_of_the_server() -> None:
    script = "import sys, hansard.client; print(*sorted(sys.modules))"
    loaded = set(
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        ).stdout.split()
    )
    assert not loaded & {
        "apsw",
        "asyncpg",
        "hansard.access",
        "hansard.app",
        "hansard.http",
        "hansard.service",
        "hansard.store",
        "starlette",
        "uvicorn",
    }


def test_the_environment_names_the_server_and_the_key(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in served.environment.items():
        monkeypatch.setenv(variable, value)
    with Hansard() as client:
        assert client.workspace().name == "default"


def test_a_client_without_a_key_or_with_a_bad_url_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HANSARD_API_KEY", raising=False)
    with pytest.raises(Misconfigured, match="HANSARD_API_KEY"):
        Hansard()
    with pytest.raises(Misconfigured, match="HANSARD_URL"):
        Hansard("localhost:8765", "key")


def test_a_session_is_started_once_and_read_back(hansard: Hansard, name: str) -> None:
    started = hansard.sessions.start(name, channel="web", tags=["vip"], metadata={"a": {"b": None}})
    assert (started.id, started.channel, started.tags, started.metadata) == (
        name,
        "web",
        ["vip"],
        {"a": {"b": None}},
    )
    again = hansard.sessions.start(name, channel="api")
    assert (started.created, again.created) == (True, False)
    stored = msgspec.structs.replace(started, created=None)
    assert msgspec.structs.replace(again, created=None) == stored
    assert hansard.sessions.read(name) == hansard.sessions.read(started.uid) == stored
    assert started.created_at is not None
    assert started.created_at.tzinfo is not None


def test_a_list_pages_by_itself(hansard: Hansard) -> None:
    app = str(uuid.uuid4())
    started = [hansard.sessions.start(app=app).id for _ in range(7)]
    listed = hansard.sessions.list(app=[app], sort="created_at", page_size=3, total=True)
    assert [session.id for session in listed] == started
    assert [(len(page.data), page.total) for page in listed.pages()] == [(3, 7), (3, 7), (1, 7)]
    assert [session.id for session in listed.first(4)] == started[:4]
    assert listed.first(0) == []
    assert [session.id for session in listed.page()] == started[:3]
    assert hansard.sessions.count(app=app) == 7
    assert hansard.sessions.count(app=app, state="failed") == 0


def test_a_session_is_changed_ended_put_away_and_deleted(hansard: Hansard, name: str) -> None:
    first = hansard.sessions.start(name, metadata={"keep": 1, "drop": 2})
    changed = hansard.sessions.update(
        name, title="Refund", metadata={"drop": None}, if_version=first.version
    )
    assert (changed.title, changed.metadata) == ("Refund", {"keep": 1})
    with pytest.raises(Conflict) as stale:
        hansard.sessions.update(name, title="Lost", if_version=first.version)
    assert (stale.value.code, stale.value.status) == ("version_mismatch", 412)
    assert hansard.sessions.update(name, title=None).title is None
    assert hansard.sessions.end(name, resolution="resolved").resolution == "resolved"
    assert hansard.sessions.archive(name).archived_at
    assert hansard.sessions.unarchive(name).archived_at is None
    assert hansard.sessions.delete(name).sessions == 1
    with pytest.raises(NotFound, match="session_not_found"):
        hansard.sessions.read(name)


def test_messages_are_appended_in_order_and_read_both_ways(hansard: Hansard, name: str) -> None:
    hansard.sessions.start(name)
    call = {"type": "tool_call", "id": "c1", "name": "lookup", "arguments": {"order": 17}}
    first, two = hansard.messages.append(
        name,
        {"role": "user", "text": "Where is it?", "client_id": "u1"},
        {
            "role": "assistant",
            "parts": [{"type": "text", "content": "I look."}, call],
            "usage": {"input_tokens": 9},
        },
        expected_seq=0,
    )
    assert (first.seq, first.text, two.seq, two.text, two.usage.input_tokens) == (
        1,
        "Where is it?",
        2,
        "I look.",
        9,
    )
    assert two.parts[1] == call
    assert [message.seq for message in hansard.messages.list(name, page_size=1)] == [1, 2]
    assert [message.seq for message in hansard.messages.list(name, order="desc", page_size=1)] == [
        2,
        1,
    ]
    assert [message.seq for message in hansard.messages.list(name, after="u1", page_size=1)] == [2]
    assert [message.seq for message in hansard.messages.list(name, role="user")] == [1]
    assert hansard.messages.read(name, "u1") == first
    assert hansard.messages.delete(name, two.id).id == two.id


def test_a_session_that_has_moved_on_is_a_conflict_with_its_seq(
    hansard: Hansard, name: str
) -> None:
    hansard.sessions.start(name)
    hansard.messages.append(name, {"role": "user", "text": "one"})
    with pytest.raises(Conflict) as moved:
        hansard.messages.append(name, {"role": "user", "text": "two"}, expected_seq=0)
    assert (moved.value.code, moved.value.extra["seq"]) == ("seq_mismatch", 1)


def test_an_append_whose_answer_got_lost_is_not_doubled(served: Served, name: str) -> None:
    class Cutting(httpx.HTTPTransport):
        """Loses the answer of every request the first time."""

        seen: set[str]

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = super().handle_request(request)
            key = request.headers.get("Idempotency-Key", "")
            if key in self.seen:
                return response
            self.seen.add(key)
            response.read()
            raise httpx.ReadError("the answer got lost", request=request)

    cutting = Cutting()
    cutting.seen = set()
    with Hansard(served.url, served.key, transport=cutting) as client:
        client.sessions.start(name)
        assert [
            message.seq
            for message in client.messages.append(name, {"role": "user", "text": "once"})
        ] == [1]
        assert [message.text for message in client.messages.list(name)] == ["once"]


def test_a_search_finds_what_was_said(hansard: Hansard, name: str) -> None:
    word = f"word{uuid.uuid4().hex}"
    hansard.sessions.start(name, channel="mail")
    hansard.messages.append(name, {"role": "user", "text": f"the {word} was said"})
    until = time.monotonic() + 10
    while (
        not (page := hansard.search(word, channel="mail", total=True).page()).data
        and time.monotonic() < until
    ):
        time.sleep(0.1)
    assert page.total == 1
    hit = page.data[0]
    assert (hit.session.id, hit.matches, hit.snippets[0].message_id, hit.snippets[0].seq) == (
        name,
        1,
        hit.message_id,
        1,
    )
    assert [hit.snippets[0].text[start:end] for start, end in hit.snippets[0].highlights] == [word]
    assert list(hansard.search(word, channel="web")) == []


def test_a_fork_takes_the_messages_up_to_one(hansard: Hansard, name: str) -> None:
    hansard.sessions.start(name)
    messages: list[NewMessage] = [{"role": "user", "text": text} for text in "abc"]
    hansard.messages.append(name, *messages)
    fork = hansard.sessions.fork(name, message=2)
    assert [message.text for message in hansard.messages.list(fork.id)] == ["a", "b"]
    assert fork.forked_seq == 2


def test_a_fork_is_compared_with_its_original(hansard: Hansard, name: str) -> None:
    hansard.sessions.start(name)
    hansard.messages.append(name, {"role": "user", "text": "a"}, {"role": "user", "text": "b"})
    fork = hansard.sessions.fork(name, message=1)
    hansard.messages.append(fork.id, {"role": "user", "text": "c"}, {"role": "user", "text": "d"})
    differences = hansard.sessions.diff(fork.id, page_size=1)
    assert sorted((difference.side, difference.message.text) for difference in differences) == [
        ("here", "c"),
        ("here", "d"),
        ("there", "b"),
    ]
    extra = differences.page().extra
    assert (extra["only_here"], extra["only_there"], extra["shared"]["messages"]) == (2, 1, 1)
    assert [
        (difference.side, difference.message.session_id)
        for difference in hansard.sessions.diff(name, fork.id).first(9)
    ].count(("there", fork.id)) == 2


def test_a_transcript_is_read_as_it_stood(hansard: Hansard, name: str) -> None:
    hansard.sessions.start(name)
    days: list[NewMessage] = [
        {"role": "user", "text": f"day {day}", "created_at": f"2026-01-0{day}T12:00:00Z"}
        for day in (1, 2, 3)
    ]
    hansard.messages.append(name, *days)
    assert [
        message.seq
        for message in hansard.messages.list(
            name, as_of=datetime(2026, 1, 2, 13, tzinfo=UTC), page_size=1
        )
    ] == [1, 2]


def test_runs_are_all_listed(hansard: Hansard, name: str) -> None:
    hansard.sessions.start(name)
    for number in range(3):
        hansard.runs.start(name, id=f"run-{number}").finish()
    assert [run.id for run in hansard.runs.list(name, page_size=2)] == ["run-2", "run-1", "run-0"]


def test_an_error_of_a_list_has_the_callers_word(hansard: Hansard, name: str) -> None:
    hansard.sessions.start(name)
    for listed in (
        hansard.sessions.list(page_size=1000),
        hansard.messages.list(name, page_size=0),
        hansard.runs.list(name, page_size=201),
    ):
        with pytest.raises(Invalid, match="limit is called page_size here") as refused:
            listed.page()
        assert refused.value.param == "page_size"


def test_a_context_is_what_a_model_may_be_given_and_says_what_is_missing(
    hansard: Hansard, name: str
) -> None:
    hansard.sessions.start(name)
    call = {"type": "tool_call", "id": "call_1", "name": "find", "arguments": {"order": 17}}
    hansard.messages.append(
        name,
        {"role": "user", "text": "Old."},
        {"role": "user", "text": "Where is it?"},
        {"role": "assistant", "parts": [call]},
    )
    context = hansard.sessions.context(name, messages=1, format="openai")
    assert context.request == {"messages": [{"role": "user", "content": "Where is it?"}]}
    [dropped] = context.manifest.dropped
    assert (dropped.seq, dropped.reason, dropped.whole) == (3, "unanswered_call", True)
    assert (context.manifest.messages, context.manifest.older, context.format) == (1, 1, "openai")
    few = hansard.sessions.context(name, tokens=1)
    assert few.session_id == name
    assert few.manifest.older > 0


def test_messages_in_a_list_are_told_how_to_go(hansard: Hansard, name: str) -> None:
    mistaken: list[Any] = [[{"role": "user", "text": "Hello"}], "Hello"]
    for mistake in mistaken:
        with pytest.raises(TypeError, match=r"append\(session, \*messages\)"):
            hansard.messages.append(name, mistake)


def test_a_key_is_made_narrowed_used_rotated_and_revoked(hansard: Hansard, served: Served) -> None:
    created = hansard.keys.create("reader", scopes=["sessions:read"])
    assert created.key is not None
    with Hansard(served.url, created.key) as reader:
        assert isinstance(reader.sessions.count(), int)
        with pytest.raises(Forbidden, match="hansard keys create --scopes sessions:write"):
            reader.sessions.start()
    rotated = hansard.keys.rotate(created.id, grace_seconds=0)
    assert rotated.scopes == created.scopes
    assert {created.id, rotated.id} <= {key.id for key in hansard.keys.list()}
    hansard.keys.revoke(rotated.id)
    assert next(key for key in hansard.keys.list() if key.id == rotated.id).revoked_at


def test_a_wrong_key_and_a_wrong_place_say_the_fix(served: Served) -> None:
    with (
        Hansard(served.url, "hsd_wrong") as stranger,
        pytest.raises(Unauthenticated, match="HANSARD_API_KEY"),
    ):
        stranger.workspace()
    with (
        Hansard("http://127.0.0.1:9", "key", retries=0) as lost,
        pytest.raises(Unreachable, match="HANSARD_URL"),
    ):
        lost.workspace()


def test_a_client_whose_connections_are_all_busy_does_not_blame_the_server() -> None:
    busy = error_of(httpx.PoolTimeout("", request=httpx.Request("GET", "http://127.0.0.1:9")))
    assert isinstance(busy, Unreachable)
    assert "every connection of this client" in str(busy)
    assert "is the server running" not in str(busy)


def test_the_verbs_say_what_they_are(hansard: Hansard) -> None:
    assert "Create a session" in (hansard.sessions.start.__doc__ or "")
    assert hansard.sessions.start.__name__ == "start"


@pytest.mark.parametrize("bad", ["", ".", "..", "a/b"])
def test_an_id_that_leads_elsewhere_is_not_sent(hansard: Hansard, name: str, bad: str) -> None:
    hansard.sessions.start(name)
    hansard.messages.append(name, {"role": "user", "text": "keep me"})
    for act in (
        lambda: hansard.messages.delete(name, bad),
        lambda: hansard.sessions.delete(bad),
        lambda: hansard.messages.list(bad).first(1),
    ):
        with pytest.raises(ValueError, match="is not an id"):
            act()
    assert hansard.sessions.read(name).message_count == 1


def test_a_misspelt_name_is_no_wider_list(hansard: Hansard, name: str) -> None:
    for act in (
        lambda: hansard.sessions.list(stat="failed").first(1),  # type: ignore[call-arg]  # the mistake
        lambda: hansard.sessions.count(stat="failed"),  # type: ignore[call-arg]  # the mistake
        lambda: hansard.search("x", stat="failed").first(1),  # type: ignore[call-arg]  # the mistake
        lambda: hansard.sessions.start(name, titel="x"),  # type: ignore[call-arg]  # the mistake
        lambda: hansard.messages.append(name, {"role": "user", "content": "x"}),  # type: ignore[typeddict-unknown-key]  # the mistake
        lambda: hansard.messages.append(name, {"role": "user", "text": "x", "usage": {"input": 1}}),  # type: ignore[typeddict-unknown-key]  # the mistake
        lambda: hansard.runs.start(name, exclusiv=True),  # type: ignore[call-arg]  # the mistake
        lambda: hansard.runs.finish(name, "r", usage={"input": 1}),  # type: ignore[arg-type]  # the mistake
    ):
        with pytest.raises(TypeError, match="choose from"):
            act()
