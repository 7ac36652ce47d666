"""What a statement reads beside the row whose lock it waits for is from before the wait."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable

import pytest

from hansard.access import Principal
from hansard.app import opened
from hansard.model import MessageDraft, SessionDraft
from hansard.model.parts import text_part
from hansard.service import Service
from hansard.settings import Settings
from hansard.store import statements
from hansard.store.steps import Steps, composed
from hansard.store.verbs import deletes, messages
from hansard.store.verbs.session_lookup import SessionRef

WAITING = re.compile(r"\bfor update\b|^\s*(?:update|delete)\b", re.IGNORECASE)
TABLE = re.compile(r"\b(?:from|join|using)\s+(?!unnest|json_)(\w+)", re.IGNORECASE)
COMMENT = re.compile(r"--.*")
KNOWN = {
    "lapse_reset": "its caller has locked the row by an earlier statement",
    "bulk_change_trim": "it deletes by age; what becomes old meanwhile is left to the next trim",
    "idempotency_trim": "it deletes by age, which it looks at in the row itself too",
    "document_expire": "it deletes by age, which it looks at in the row itself too",
    "model_call_trim": "it deletes by age, which it looks at in the row itself too",
    "model_call_delete_of_session": "its caller has locked the session, which a new call waits for",
    "restored": "nobody else uses the store that a backup is restored into",
}
"""Statements that wait for one row and read other tables."""


def reads_beside_a_lock(sql: str) -> bool:
    """Whether a statement waits for rows of one table and reads others, or the same once more."""
    bare = COMMENT.sub("", sql)
    tables = TABLE.findall(bare)
    locked = re.match(r"\s*update\s+\w+", bare, re.IGNORECASE) is None
    return WAITING.search(bare) is not None and len(tables) > locked


def test_what_waits_for_a_row_reads_nothing_else() -> None:
    named = statements.load("postgres")
    assert {name for name, sql in named.items() if reads_beside_a_lock(sql)} == KNOWN.keys()


def test_a_hash_that_is_read_beside_a_lock_is_caught() -> None:
    assert reads_beside_a_lock(
        "select id, (select hash from messages as m where m.session_id = s.id and m.seq = "
        "s.last_seq)"
        " from sessions as s where id = :id for update of s"
    )
    assert reads_beside_a_lock("update a set n = (select max(n) from b)")
    assert not reads_beside_a_lock("select id from sessions where id = :id for update")


@pytest.fixture
async def servers(postgres_url: str) -> AsyncIterator[tuple[Service, Service]]:
    """Two servers on one database."""
    store = Settings(store=postgres_url)
    async with opened(store) as first, opened(store) as second:
        yield first, second


@pytest.fixture
async def operator(servers: tuple[Service, Service]) -> Principal:
    """A caller whose workspace has a session, one below it, and a message by ``nina``."""
    service = servers[0]
    principal = service.workspaces.operator(await service.workspaces.create("acme"))
    await service.sessions.start(principal, SessionDraft(id="s", user_id="otto"))
    await service.sessions.start(principal, SessionDraft(id="below", parent="s"))
    draft = MessageDraft(
        role="user", parts=text_part("hello"), text="hello", sender_id="nina", client_id="c"
    )
    await service.messages.append(
        principal, "s", [draft, MessageDraft(role="user", parts=text_part("bye"), text="bye")]
    )
    return principal


async def held(service: Service, verb: Callable[[], Steps[object]]) -> asyncio.Task[None]:
    """A transaction that has done ``verb``, and commits half a second later."""

    def slow() -> Steps[None]:
        yield from verb()
        yield from composed("select pg_sleep(0.5)", {})

    task = asyncio.create_task(service.store.write(slow))
    await asyncio.sleep(0.2)
    return task


async def test_a_message_that_was_deleted_meanwhile_is_not_deleted_twice(
    servers: tuple[Service, Service], operator: Principal
) -> None:
    ref = SessionRef(operator.workspace_id, "s")
    deleting = await held(servers[0], lambda: messages.delete(ref, "c", None, 1))
    receipt = await servers[1].users.erase(operator, "nina")
    await deleting
    assert receipt.body["counts"]["messages_elsewhere"] == 0
    assert (await servers[1].sessions.read(operator, "s")).message_count == 1
    assert (await servers[1].verification.verify()).is_sound


async def test_a_session_that_was_deleted_meanwhile_does_not_stop_an_erase(
    servers: tuple[Service, Service], operator: Principal
) -> None:
    ref = SessionRef(operator.workspace_id, "s")
    deleting = await held(servers[0], lambda: deletes.delete(ref, 1))
    receipt = await servers[1].users.erase(operator, "otto")
    await deleting
    assert receipt.body["counts"]["sessions"] == 0
    assert (await servers[1].verification.verify()).is_sound


async def test_a_sub_session_that_was_deleted_meanwhile_does_not_stop_a_delete(
    servers: tuple[Service, Service], operator: Principal
) -> None:
    ref = SessionRef(operator.workspace_id, "below")
    deleting = await held(servers[0], lambda: deletes.delete(ref, 1))
    gone = await servers[1].sessions.delete(operator, "s", sub_sessions="delete")
    await deleting
    assert gone.sessions == 1
    assert (await servers[1].verification.verify()).is_sound
