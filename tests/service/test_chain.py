"""The hash chain of a session goes on, whoever appends, and is never begun again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from hansard.access import Principal
from hansard.app import opened
from hansard.errors import StoreUnavailable
from hansard.ids import IdSource
from hansard.model import MessageDraft, SessionDraft
from hansard.model.parts import text_part
from hansard.service import Service
from hansard.service.rules import ref
from hansard.settings import Settings
from hansard.store.steps import Steps, Together, composed
from hansard.store.verbs.appends import append

WRITERS, APPENDS = 6, 25


def draft(text: str) -> MessageDraft:
    return MessageDraft(role="user", parts=text_part(text), text=text)


async def faults(service: Service) -> list[str]:
    return [fault.problem for fault in (await service.verification.verify()).faults]


async def run_sql(service: Service, sql: str) -> None:
    await service.store.write(composed, sql, {})


@pytest.fixture
async def operator(lone_service: Service) -> Principal:
    """A caller of a workspace with the session ``s``, which has three messages."""
    principal = lone_service.workspaces.operator(await lone_service.workspaces.create("acme"))
    await lone_service.sessions.start(principal, SessionDraft(id="s"))
    await lone_service.messages.append(principal, "s", [draft("one"), draft("two"), draft("three")])
    return principal


@pytest.fixture
async def servers(postgres_url: str) -> AsyncIterator[list[Service]]:
    """Three servers on one database."""
    async with AsyncExitStack() as stack:
        store = Settings(store=postgres_url)
        yield [await stack.enter_async_context(opened(store)) for _ in range(3)]


async def test_several_servers_append_to_one_chain(servers: list[Service]) -> None:
    """The hash that the next message follows is read as it is after the wait for the lock."""
    first = servers[0]
    principal = first.workspaces.operator(await first.workspaces.create("acme"))
    for name in ("s", "t"):
        await first.sessions.start(principal, SessionDraft(id=name))

    async def write(service: Service, name: str) -> None:
        for number in range(APPENDS):
            await service.messages.append(principal, name, [draft(str(number)), draft("more")])

    names = ["s", "s", "s", "t"]
    await asyncio.gather(
        *(write(servers[number % 3], names[number % 4]) for number in range(2 * WRITERS))
    )
    findings = await first.verification.verify()
    assert findings.messages == 2 * WRITERS * APPENDS * 2
    assert findings.faults == ()


@pytest.mark.parametrize(
    "sql",
    [
        "update sessions set hash_seq = null, last_hash = null",
        "update sessions set hash_seq = 2, last_hash = (select hash from messages where seq = 2)",
    ],
)
async def test_the_hash_of_a_row_that_lags_is_read_from_the_last_message(
    lone_service: Service, operator: Principal, sql: str
) -> None:
    """A store from before has no hash in its rows; an older server leaves one behind."""
    await run_sql(lone_service, sql)
    await lone_service.messages.append(operator, "s", [draft("four")])
    await lone_service.messages.append(operator, "s", [draft("five")])
    assert await faults(lone_service) == []


async def test_a_chain_without_its_last_message_takes_no_more(
    lone_service: Service, operator: Principal
) -> None:
    """Neither alone nor in a crowd; other sessions of the crowd are not affected."""
    await run_sql(lone_service, "update sessions set hash_seq = null")
    await run_sql(lone_service, "delete from messages where seq = 3")
    await lone_service.sessions.start(operator, SessionDraft(id="other"))
    append = lone_service.messages.append
    with pytest.raises(StoreUnavailable, match="message 3 of the session 's' is missing") as alone:
        await append(operator, "s", [draft("four")])
    assert alone.value.code == "chain_broken"
    answers = await asyncio.gather(
        *(append(operator, "other", [draft("fine")]) for _ in range(3)),
        *(append(operator, "s", [draft("four")]) for _ in range(3)),
        return_exceptions=True,
    )
    codes = [getattr(answer, "code", "stored") for answer in answers]
    assert codes == ["stored"] * 3 + ["chain_broken"] * 3
    assert (await lone_service.sessions.read(operator, "s")).last_seq == 3


async def test_a_hash_in_the_row_that_is_not_the_last_messages_is_found(
    lone_service: Service, operator: Principal
) -> None:
    assert await faults(lone_service) == []
    await run_sql(
        lone_service, "update sessions set last_hash = (select hash from messages where seq = 1)"
    )
    assert await faults(lone_service) == [
        "the hash in the session's row is not that of its last message"
    ]


async def test_an_append_is_no_more_statements_than_it_needs(
    lone_service: Service, operator: Principal
) -> None:
    """Each is a round trip on PostgreSQL: one finds and locks, one does all that is written."""
    queries: list[str] = []
    parts: list[str] = []

    def heard() -> Steps[object]:
        steps = append(ref(operator, "s"), [draft("four")], IdSource(), 1)
        query = next(steps)
        while True:
            queries.append(query.name)
            if isinstance(query, Together):
                parts.extend(part.name for part in query.parts)
            try:
                query = steps.send((yield query))
            except StopIteration as done:
                return done.value

    await lone_service.store.write(heard)
    assert queries == ["session_peek_by_own_id", "event_put"]
    assert parts == ["session_extend", "message_put", "generation_next", "event_put"]
