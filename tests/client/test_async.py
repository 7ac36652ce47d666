"""The async client offers what the blocking one does, and awaits it."""

from __future__ import annotations

import inspect
import uuid

import pytest

from hansard.client import AsyncHansard, Hansard, NotFound


def test_both_clients_have_the_same_nouns_and_verbs(
    hansard: Hansard, ahansard: AsyncHansard
) -> None:
    def verbs(noun: object) -> dict[str, inspect.Signature]:
        public = {
            name: getattr(type(noun), name, None) for name in dir(noun) if not name.startswith("_")
        }
        return {
            name: inspect.signature(verb).replace(return_annotation=None)
            for name, verb in public.items()
            if callable(verb)
        }

    assert verbs(hansard) == verbs(ahansard)
    for noun in ("sessions", "messages", "runs", "keys"):
        assert verbs(getattr(hansard, noun)) == verbs(getattr(ahansard, noun)) != {}


async def test_a_list_pages_by_itself(ahansard: AsyncHansard) -> None:
    app = str(uuid.uuid4())
    started = [(await ahansard.sessions.start(app=app)).id for _ in range(5)]
    listed = ahansard.sessions.list(app=app, sort="created_at", page_size=2)
    assert [session.id async for session in listed] == started
    assert [len(page.data) async for page in listed.pages()] == [2, 2, 1]
    assert [session.id for session in await listed.first(3)] == started[:3]
    assert len(await listed.first(9)) == 5
    assert await listed.first(0) == []
    assert [session.id for session in await listed.page()] == started[:2]


async def test_runs_and_differences_page_by_themselves(ahansard: AsyncHansard) -> None:
    name = (await ahansard.sessions.start()).id
    for number in range(3):
        await ahansard.runs.finish(name, (await ahansard.runs.start(name, id=f"run-{number}")).id)
    assert [run.id async for run in ahansard.runs.list(name, page_size=2)] == [
        "run-2",
        "run-1",
        "run-0",
    ]
    fork = await ahansard.sessions.fork(name)
    await ahansard.messages.append(
        fork.id, {"role": "user", "text": "c"}, {"role": "user", "text": "d"}
    )
    assert [
        (difference.side, difference.message.text)
        async for difference in ahansard.sessions.diff(fork.id, page_size=1)
    ] == [("here", "c"), ("here", "d")]


async def test_errors_are_the_same(ahansard: AsyncHansard) -> None:
    with pytest.raises(NotFound, match="session_not_found"):
        await ahansard.sessions.read("nobody")
    assert (await ahansard.workspace()).name == "default"


async def test_connection_errors_are_retried() -> None:
    async with AsyncHansard("http://127.0.0.1:9", "key", retries=1) as lost:
        with pytest.raises(Exception, match="no answer"):
            await lost.workspace()
