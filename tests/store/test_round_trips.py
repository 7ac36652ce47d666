"""How often the way to PostgreSQL is taken: a wait that no other work of a request hides."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from hansard.access import Principal
from hansard.app import opened
from hansard.model import MessageDraft, SessionDraft, SessionFilter, SessionQuery
from hansard.model.parts import text_part
from hansard.native.session_bodies import SESSION
from hansard.service import Service
from hansard.settings import Settings
from tests.support.recorder import Recorder


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def watched(store_url: str, recorder: Recorder) -> AsyncIterator[Service]:
    async with opened(Settings(store=store_url), recorder) as service:
        yield service


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
    """SQLite is asked for it by itself, which costs nothing there."""
    query = SessionQuery(with_total=True, limit=50)
    await watched.sessions.list_as(operator, query, SESSION)
    await watched.messages.append(operator, "b", [draft("apples")])
    await watched.messages.append(operator, "a", [draft("pears")])
    recorder.statements.clear()
    page = await watched.sessions.list_as(operator, query, SESSION)
    assert page.total == 3
    assert [b"pears" in bytes(item) for item in page.items] == [True, False, False]
    assert [b"apples" in bytes(item) for item in page.items] == [False, True, False]
    lacking = ["session_by_ids"] if watched.store.url.startswith("sqlite") else []
    assert recorder.statements == ["session_page", *lacking]


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
    assert recorder.statements == ["session_page", "session_by_ids"]


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
