"""How often the way to PostgreSQL is taken: a wait that no other work of a request hides."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from hansard.access import Principal
from hansard.model import MessageDraft, SessionDraft, SessionFilter, SessionQuery
from hansard.model.parts import text_part
from hansard.model.rewind import Cut
from hansard.native.session_bodies import SESSION
from hansard.service import Service
from tests.support.recorder import Recorder


@pytest.fixture
async def operator(watched: Service) -> Principal:
    """A caller whose workspace has three sessions."""
    principal = watched.workspaces.operator(await watched.workspaces.create("acme"))
    for name in ("a", "b", "c"):
        await watched.sessions.start(principal, SessionDraft(id=name, title=name))
    return principal


def draft(text: str = "hello", client_id: str | None = None) -> MessageDraft:
    return MessageDraft(role="user", parts=text_part(text), text=text, client_id=client_id)


async def test_a_list_behind_a_write_brings_what_changed(
    watched: Service, operator: Principal, recorder: Recorder
) -> None:
    query = SessionQuery(with_total=True, limit=50)
    await watched.sessions.list_as(operator, query, SESSION)
    await watched.messages.append(operator, "b", [draft("apples")])
    await watched.messages.append(operator, "a", [draft("pears")])
    recorder.statements.clear()
    page = await watched.sessions.list_as(operator, query, SESSION)
    assert page.total == 3
    assert [b"pears" in bytes(item) for item in page.items] == [True, False, False]
    assert [b"apples" in bytes(item) for item in page.items] == [False, True, False]
    assert recorder.statements == ["session_changed"]


async def test_more_than_a_few_changes_are_read_by_their_ids(
    watched: Service, operator: Principal, recorder: Recorder
) -> None:
    names = [f"s{number}" for number in range(20)]
    for name in names:
        await watched.sessions.start(operator, SessionDraft(id=name, title=name))
    query = SessionQuery(sort="title", limit=50)
    await watched.sessions.list_as(operator, query, SESSION)
    for name in names:
        await watched.messages.append(operator, name, [draft(f"in {name}")])
    recorder.statements.clear()
    page = await watched.sessions.list_as(operator, query, SESSION)
    assert sum(b"in s" in bytes(item) for item in page.items) == len(names)
    assert recorder.statements == ["session_changed", "session_page", "session_by_ids"]


async def test_a_list_by_a_part_of_a_title_is_one_statement_behind_a_write(
    watched: Service, operator: Principal, recorder: Recorder
) -> None:
    """Another one reads what changed and is on the page."""
    await watched.sessions.start(operator, SessionDraft(id="p", title="A late parcel"))
    query = SessionQuery(filter=SessionFilter(title="arce"), with_total=True, limit=50)
    await watched.sessions.list_as(operator, query, SESSION)
    for name, statements in (("a", []), ("p", ["session_get"])):
        await watched.messages.append(operator, name, [draft(f"in {name}")])
        recorder.statements.clear()
        page = await watched.sessions.list_as(operator, query, SESSION)
        assert recorder.statements == ["session_changes", *statements]
        assert page.total == 1
        assert (f"in {name}".encode() in bytes(page.items[0])) == bool(statements)


async def test_a_session_that_is_not_the_callers_stays_hidden(
    watched: Service, operator: Principal
) -> None:
    """Whatever comes along with a page."""
    narrowed = msgspec.structs.replace(operator, user_id="otto")
    query = SessionQuery(limit=50, filter=SessionFilter())
    await watched.sessions.start(operator, SessionDraft(id="his", user_id="otto"))
    await watched.sessions.list_as(operator, query, SESSION)
    for name in ("a", "his"):
        await watched.messages.append(operator, name, [draft()])
    page = await watched.sessions.list_as(narrowed, query, SESSION)
    assert [b'"his"' in bytes(item) for item in page.items] == [True]


def sent(recorder: Recorder) -> list[str]:
    """The statements of the last write, without what follows it."""
    names, recorder.statements[:] = list(recorder.statements), []
    return [name for name in names if name != "removal_list"]


async def test_an_append_is_two_statements(
    watched: Service, operator: Principal, recorder: Recorder
) -> None:
    """One that locks the session, and one that writes; between begin and commit."""
    sent(recorder)
    await watched.messages.append(operator, "a", [draft()])
    if watched.store.url.startswith("sqlite"):
        assert sent(recorder) == [
            "session_peek_by_own_id",
            "session_extend",
            "message_put",
            "generation_next",
            "event_put",
        ]
    else:
        assert sent(recorder) == ["session_peek_by_own_id", "event_put"]


async def test_an_append_with_names_looks_for_them_behind_the_lock(
    watched: Service, operator: Principal, recorder: Recorder
) -> None:
    sent(recorder)
    await watched.messages.append(operator, "a", [draft(client_id="c"), draft(client_id="d")])
    statements = sent(recorder)
    assert statements[:2] == ["session_peek_by_own_id", "message_by_client_ids"]
    assert len(statements) == (6 if watched.store.url.startswith("sqlite") else 3)


async def test_appends_that_wait_together_are_five_statements(
    watched: Service, operator: Principal, recorder: Recorder
) -> None:
    """However many they are, and to however many sessions: those are found, locked, and written."""
    sent(recorder)
    answers = await asyncio.gather(
        *(watched.messages.append(operator, name, [draft()]) for name in "abcabcabcabc")
    )
    assert sorted(message.seq for _, (message,) in answers) == [
        seq for seq in (1, 2, 3, 4) for _ in range(3)
    ]
    statements = sent(recorder)
    assert len(statements) == (11 if watched.store.url.startswith("sqlite") else 5)
    assert statements.count("session_peek_many") == 1


async def test_a_message_is_taken_away_by_few_statements(
    watched: Service, operator: Principal, recorder: Recorder
) -> None:
    """The lock, the look at the last message, what goes, what is left, and the audit log."""
    drafts = [draft(text) for text in ("one", "two", "three", "four")]
    await watched.messages.append(operator, "a", drafts)
    await watched.indexer.catch_up()
    await watched.messages.rewind(operator, "a", Cut(count=1))
    sent(recorder)
    rewound = await watched.messages.rewind(operator, "a", Cut(count=1))
    assert [message.seq for message, _ in rewound.removed] == [3]
    statements = sent(recorder)
    if watched.store.url.startswith("postgres"):
        assert statements == [
            "session_lock_by_own_id",
            "message_page",
            "message_erase",
            "search_indexed",
            "search_forget",
            "message_summary",
            "event_put",
            "audit_head_next",
            "audit_put",
        ]
    session = await watched.sessions.read(operator, "a")
    assert (session.message_count, session.last_preview) == (2, "two")
    assert (await watched.verification.verify()).is_sound
