"""One seam shows what a process does: requests, statements, commits, background work."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.responses import StreamingResponse

from hansard import byte_cache
from hansard.access import ALL_SCOPES
from hansard.app import application
from hansard.background import Round, Task, end, for_ever, reaping
from hansard.errors import StoreUnavailable
from hansard.http.application import Application
from hansard.http.call import Call
from hansard.http.route import Dialect, Route
from hansard.model import RunDraft, SessionDraft
from hansard.observer import Observer, SeenRequest, combined
from hansard.service import Service
from hansard.settings import Settings
from hansard.store import connect, statements
from tests.support.recorder import Recorder

COMPOSED = {
    "composed",
    "storage_form",
    "ping",
    "session_page",
    "session_count",
    "session_count_some",
    "session_among",
    "message_page",
    "message_newest",
    "message_summary",
    "message_look_up",
    "message_forget",
    "stats_cells",
}


@pytest.fixture
async def asking(watched: Service, recorder: Recorder) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server that is watched."""
    workspace = await watched.workspaces.create("acme")
    operator = watched.workspaces.operator(workspace)
    key = (await watched.keys.create(operator, "tests", ALL_SCOPES))[0]
    transport = httpx.ASGITransport(application(watched, Settings(), observer=recorder))
    async with httpx.AsyncClient(
        transport=transport,
        base_url="http://hansard.test",
        headers={"Authorization": f"Bearer {key}"},
    ) as client:
        yield client


async def test_a_request_is_seen_by_its_route_and_by_who_asks(
    asking: httpx.AsyncClient, recorder: Recorder
) -> None:
    await asking.post("/v1/sessions", json={"id": "a"})
    answer = await asking.get("/v1/sessions/a?fields=x", headers={"X-Request-ID": "mine"})
    seen = recorder.last(request_id="mine")
    assert (seen.api, seen.method, seen.route) == ("native", "GET", "/v1/sessions/{session_id}")
    assert (seen.path, seen.status) == ("/v1/sessions/a", answer.status_code)
    assert 0 < seen.seconds < 60
    assert seen.workspace_id
    assert seen.key_id
    await asking.get("/nowhere/at/all")
    seen = recorder.requests[-1]
    assert (seen.api, seen.route, seen.path, seen.status) == ("", "", "/…", 404)


@pytest.mark.parametrize(
    ("failure", "status"), [(StoreUnavailable("gone"), 503), (RuntimeError("a bug"), 500)]
)
async def test_an_answer_that_breaks_off_is_seen_as_the_failure_that_it_is(
    recorder: Recorder, lone_service: Service, failure: Exception, status: int
) -> None:
    """An export of several pieces, of which the first is out before the next one fails."""

    async def tell(call: Call[None, None]) -> StreamingResponse:
        """Tell something in pieces."""

        async def pieces() -> AsyncIterator[bytes]:
            yield b"the beginning"
            raise failure

        return StreamingResponse(pieces())

    dialect = Dialect(
        name="toy",
        title="Toy",
        description="A toy.",
        prefixes=("/",),
        routes=(Route("GET /toy", tell, public=True),),
        error=lambda failure: {"code": failure.error.code},
    )
    transport = httpx.ASGITransport(
        Application(lone_service, [dialect], recorder), raise_app_exceptions=False
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://hansard.test") as client:
        answer = await client.get("/toy")
    assert (answer.status_code, answer.content) == (200, b"the beginning")
    assert [(seen.path, seen.status) for seen in recorder.requests] == [("/toy", status)]


async def test_statements_are_seen_by_their_names(
    asking: httpx.AsyncClient, watched: Service, recorder: Recorder
) -> None:
    """Those that a file names and those that are composed; a failed one as well."""
    await asking.post("/v1/sessions", json={"id": "a"})
    await asking.post("/v1/sessions/a/messages", json={"messages": [{"role": "user", "text": "x"}]})
    await asking.get("/v1/sessions?state=failed&total=true")
    await asking.get("/v1/sessions/a/messages")
    await asking.get("/v1/stats")
    backend = "sqlite" if watched.store.url.startswith("sqlite") else "postgres"
    seen = set(recorder.statements)
    assert seen - set(statements.load(backend)) <= COMPOSED
    assert {"session_page", "stats_cells", "event_put"} <= seen


async def test_each_write_is_part_of_one_commit(watched: Service, recorder: Recorder) -> None:
    workspace = await watched.workspaces.create("acme")
    operator = watched.workspaces.operator(workspace)
    before = sum(recorder.commits)
    drafts = [SessionDraft(id=f"s{n}") for n in range(20)]
    await asyncio.gather(*(watched.sessions.start(operator, draft) for draft in drafts))
    assert sum(recorder.commits) == before + len(drafts)


async def test_a_round_of_a_background_task_is_seen_with_what_it_did(
    watched: Service, recorder: Recorder
) -> None:
    workspace = await watched.workspaces.create("acme")
    operator = watched.workspaces.operator(workspace)
    await watched.sessions.start(operator, SessionDraft(id="a"))
    await watched.runs.start(operator, "a", RunDraft(lease_us=1))
    task = asyncio.create_task(reaping(watched, 0.01, recorder))
    await recorder.until(lambda: ("reap", 1, None) in recorder.rounds)
    task.cancel()
    assert recorder.rounds.count(("reap", 1, None)) == 1


async def test_a_round_that_fails_is_seen_with_its_reason(recorder: Recorder) -> None:
    async def fail() -> Round:
        raise StoreUnavailable("gone", code="store_missing")

    task = asyncio.create_task(for_ever(Task("reap", "look"), fail, recorder, after_failure=0.001))
    await recorder.until(lambda: len(recorder.rounds) > 1)
    task.cancel()
    assert set(recorder.rounds) == {("reap", 0, "store_missing")}


async def test_background_tasks_end_together_whatever_one_of_them_does() -> None:
    all_are_ending = asyncio.Barrier(3)

    async def work(*, is_broken: bool) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            async with asyncio.timeout(10):
                await all_are_ending.wait()
            if is_broken:
                raise OSError("the connections do not close")

    tasks = [asyncio.create_task(work(is_broken=is_broken)) for is_broken in (True, False, False)]
    await asyncio.sleep(0)
    await end(tasks)
    assert [task.cancelled() for task in tasks] == [False, True, True]


async def test_nobody_pays_for_an_observer_that_is_not_there(store_url: str) -> None:
    store = connect(store_url)
    await store.open()
    try:
        hidden = vars(store).get("_reader") or store
        assert "ask" not in vars(hidden)
        assert "_ask" not in vars(hidden) or vars(hidden)["_ask"] == vars(hidden)["_asking"].ask
    finally:
        await store.close()
    assert combined(None, None) is None


def test_several_observers_hear_whatever_one_hears() -> None:
    both = combined(Recorder(), Recorder())
    assert both is not None
    methods = {name for name, member in inspect.getmembers(Observer, inspect.isfunction)}
    assert {name for name in methods if not name.startswith("_")} == vars(both).keys()


def test_only_those_who_listen_are_called() -> None:
    class OfStatements(Observer):
        def statement(self, name: str, seconds: float) -> None:
            del seconds
            heard.append(name)

    heard: list[str] = []
    recorder = Recorder()
    both = combined(recorder, None, OfStatements())
    assert both is not None
    both.statement("one", 0.1)
    both.commit(2, 0.1)
    both.request(SeenRequest("", "GET", "", "/", 200, 0.1, "r", None, None))
    both.flush()
    assert (heard, recorder.statements, recorder.commits) == (["one"], ["one"], [2])
    assert len(recorder.requests) == 1
    assert vars(both)["commit"] == recorder.commit  # no loop over those who do not listen


async def test_queues_and_pools_are_seen_with_their_bounds(lone_service: Service) -> None:
    usage = lone_service.store.usage()
    assert {figure.kind for figure in usage} == {"queue", "pool"}
    assert all(0 <= figure.used <= figure.limit for figure in usage)
    assert await lone_service.store.size() > 4096


async def test_every_cache_of_a_server_has_a_name_of_its_own(client: httpx.AsyncClient) -> None:
    await client.get("/v1/sessions")
    module = {cache.name for cache in byte_cache.caches() if cache.name}
    assert {"responses", "rendered_sessions", "rendered_messages", "keys"} <= module
