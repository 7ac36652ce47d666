"""Appends to sessions that this process knows: written at once, and only where they still stand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from hansard.access import Principal
from hansard.app import opened
from hansard.errors import Conflict, NotFound
from hansard.ids import IdSource, microseconds
from hansard.model import MessageDraft, MessageQuery, SessionDraft
from hansard.model.parts import text_part
from hansard.service import Service
from hansard.settings import Settings
from hansard.store.postgres.failures import is_refusal
from hansard.store.verbs import known_appends
from hansard.store.verbs.append_batch import Append
from hansard.store.verbs.appends import append_head
from hansard.store.verbs.session_lookup import SessionRef
from tests.support.recorder import Recorder


def draft(text: str, role: str = "user") -> MessageDraft:
    return MessageDraft(role=role, parts=text_part(text), text=text)


@pytest.fixture
async def operator(watched: Service) -> Principal:
    """A caller whose workspace has three sessions, to each of which something was appended."""
    principal = watched.workspaces.operator(await watched.workspaces.create("acme"))
    for name in ("a", "b", "c"):
        await watched.sessions.start(principal, SessionDraft(id=name))
        await watched.messages.append(principal, name, [draft(f"hello {name}")])
    return principal


@pytest.fixture
async def other(store_url: str) -> AsyncIterator[Service]:
    """Another server on the same store."""
    async with opened(Settings(store=store_url)) as service:
        yield service


async def texts(service: Service, principal: Principal, name: str) -> list[str]:
    _, messages, _ = await service.messages.list(principal, name, MessageQuery(limit=200))
    assert [message.seq for message in messages] == list(range(1, len(messages) + 1))
    return [bytes(message.parts).decode() for message in messages]


async def test_a_second_append_is_one_statement_where_the_way_to_the_store_is_long(
    watched: Service, operator: Principal, recorder: Recorder
) -> None:
    recorder.statements.clear()
    await watched.messages.append(operator, "a", [draft("alone")])
    await asyncio.gather(
        *(watched.messages.append(operator, name, [draft(f"in {name}")]) for name in "abcabc")
    )
    if watched.store.url.startswith("sqlite"):
        assert "append_known" not in recorder.statements
    else:
        assert recorder.statements == ["append_known"] * 3
    for name, count in (("a", 4), ("b", 3), ("c", 3)):
        assert len(await texts(watched, operator, name)) == count
    assert (await watched.verification.verify()).faults == ()


async def test_what_is_read_of_a_session_is_the_same_either_way(
    watched: Service, operator: Principal, other: Service
) -> None:
    """The first append locks its session, the second knows it."""
    say = [draft("and then?"), draft("  \n", "assistant"), draft("nothing", "assistant")]
    for name, service in (("a", watched), ("b", other)):
        await service.messages.append(operator, name, say)
    a, b = [await watched.sessions.read(operator, name) for name in ("a", "b")]
    for field in ("version", "message_count", "last_seq", "last_preview", "last_role", "title_by"):
        assert getattr(a, field) == getattr(b, field), field
    assert (a.preview, b.preview) == ("hello a", "hello b")
    assert a.active_at == a.last_message_at == a.updated_at
    assert (await watched.verification.verify()).faults == ()


async def test_a_session_that_another_server_changed_is_read_anew(
    watched: Service, operator: Principal, other: Service
) -> None:
    """Others of the same crowd are not affected, and each event has a generation of its own."""
    await other.messages.append(operator, "b", [draft("from elsewhere")])
    before = (await watched.events.since(operator, 0)).events[-1].n
    answers = await asyncio.gather(
        *(watched.messages.append(operator, name, [draft(f"in {name}")]) for name in "abcabc")
    )
    seqs = [message.seq for _, (message,) in answers]
    assert sorted(seqs) == [2, 2, 3, 3, 3, 4]
    events = (await watched.events.since(operator, before)).events
    assert [event.n for event in events] == list(range(before + 1, before + 7))
    assert sorted((event.session_id, event.seq) for event in events) == sorted(
        (before_it.id, message.seq) for before_it, (message,) in answers
    )
    assert (await watched.verification.verify()).faults == ()


async def test_a_refusal_and_a_deletion_are_seen(
    watched: Service, operator: Principal, other: Service
) -> None:
    with pytest.raises(Conflict) as stale:
        await watched.messages.append(operator, "a", [draft("stale")], expected_seq=0)
    assert stale.value.extra["seq"] == 1
    await other.sessions.delete(operator, "b")
    answers = await asyncio.gather(
        *(watched.messages.append(operator, name, [draft("more")]) for name in "abab"),
        return_exceptions=True,
    )
    codes = [getattr(answer, "code", "stored") for answer in answers]
    assert codes == ["stored", "session_not_found"] * 2


async def test_a_plan_that_was_carried_out_unseen_is_not_carried_out_twice(
    watched: Service, operator: Principal
) -> None:
    """The connection may break behind the statement: the same plan is then tried again."""
    store, ids = watched.store, IdSource()
    ref = SessionRef(operator.workspace_id, "a")
    _, _, head = await store.write(append_head, ref, [draft("two")], ids, microseconds())
    append = Append(ref, [draft("three")], microseconds())
    plan = known_appends.plan(operator.workspace_id, [append], {"a": head}, ids)
    assert plan is not None
    if not store.saves_trips:
        return
    assert await store.write_single(known_appends.write, plan) == {head.id}
    assert await store.write_single(known_appends.write, plan) == {head.id}
    late = known_appends.plan(operator.workspace_id, [append], {"a": head}, ids)
    assert late is not None
    assert await store.write_single(known_appends.write, late) == set()
    assert len(await texts(watched, operator, "a")) == 3
    assert (await watched.verification.verify()).faults == ()


def test_only_what_the_server_refused_has_surely_not_happened() -> None:
    refused, ended = ValueError(), ValueError()
    refused.sqlstate, ended.sqlstate = "40P01", "57P01"  # type: ignore[attr-defined]  # as the driver's have
    assert is_refusal(refused)
    assert not is_refusal(ended)
    assert not is_refusal(ConnectionResetError())
    assert not is_refusal(TimeoutError())


async def test_who_may_not_see_a_session_does_not_append_to_it(
    watched: Service, operator: Principal
) -> None:
    """A key that is narrowed to one user, also where the session is known."""
    await watched.sessions.start(operator, SessionDraft(id="hers", user_id="ada"))
    await watched.messages.append(operator, "hers", [draft("mine")])
    key, _ = await watched.keys.create(operator, "k", user_id="bob")
    bob = await watched.keys.authenticate(key)
    with pytest.raises(NotFound):
        await watched.messages.append(bob, "hers", [draft("not mine")])
