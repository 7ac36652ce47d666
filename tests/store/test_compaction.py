"""A store from before becomes smaller, step by step and in use, and nobody who reads it notices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from msgspec import Raw

from hansard.access import Principal
from hansard.app import opened
from hansard.errors import Invalid
from hansard.model import MessageDraft, MessageQuery, SearchQuery, SessionDraft, parts
from hansard.service import Service
from hansard.settings import Settings
from hansard.store.sqlite import compaction

FORM_OF_BEFORE = "update storage_form set short = 0, first_handle = 1 << 51"
WORDS = "temp.words using fts5vocab ('main', 'search_index', 'row')"
TOOL_CALL = b'[{"type":"tool_call","id":"c1","name":"refund","arguments":{"order":17}}]'


def query(file: Path, sql: str) -> list[Any]:
    connection = apsw.Connection(str(file))
    try:
        return [row[0] if len(row) == 1 else row for row in connection.execute(sql)]
    finally:
        connection.close()


def words_in(file: Path) -> set[str]:
    connection = apsw.Connection(str(file))
    connection.execute(f"create virtual table {WORDS}")
    words = {str(row[0]).partition("_")[2] for row in connection.execute("select term from words")}
    connection.close()
    return words


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "hansard.db"


@pytest.fixture
async def service(file: Path) -> AsyncIterator[Service]:
    """The service on a store that is written as the version before wrote it."""
    settings = Settings(store=f"sqlite:///{file}")
    async with opened(settings):
        pass
    query(file, FORM_OF_BEFORE)
    async with opened(settings) as service:
        yield service


@pytest.fixture
async def principal(service: Service) -> Principal:
    return service.workspaces.operator(await service.workspaces.create("acme"))


def draft(text: str) -> MessageDraft:
    return MessageDraft(role="user", parts=parts.text_part(text), text=text)


async def fill(service: Service, principal: Principal, sessions: int = 6) -> None:
    for number in range(sessions):
        name = f"s{number}"
        await service.sessions.start(principal, SessionDraft(id=name, title=f"Ticket {number}"))
        drafts = [draft(f"shared word{number}"), draft(f"shared late{number} " + "long text " * 60)]
        drafts.append(MessageDraft(role="assistant", parts=Raw(TOOL_CALL)))
        await service.messages.append(principal, name, drafts)
    await service.messages.append(principal, "s1", [draft(f"more {n}") for n in range(80)])
    await service.messages.delete(principal, "s2", await message_id(service, principal, "s2", 0))
    await service.indexer.catch_up()


async def message_id(service: Service, principal: Principal, name: str, index: int) -> str:
    _, messages, _ = await service.messages.list(principal, name, MessageQuery(limit=5))
    return messages[index].id


async def state_of(service: Service, principal: Principal, sessions: int = 6) -> dict[str, Any]:
    """What can be read of the store, and what is results in it."""
    result: dict[str, Any] = {}
    for number in range(sessions):
        stretch = MessageQuery(limit=200)
        session, messages, _ = await service.messages.list(principal, f"s{number}", stretch)
        result[session.name] = messages
    for text in ("shared", "word3", "late5", "refund", "ticket", "more", '"long text"', "nothing"):
        wanted = SearchQuery(text=text, with_total=True, limit=50)
        results = await service.search.find(principal, wanted)
        result[text] = (results.total, sorted(item.session.name for item in results.items))
    verified = await service.verification.verify()
    result["hash"] = (verified.content_hash, verified.faults, verified.database)
    return result


async def test_everything_is_as_it_was_and_takes_less_room(
    service: Service, principal: Principal, file: Path
) -> None:
    await fill(service, principal)
    before, words = await state_of(service, principal), words_in(file)
    size = query(file, "select sum(octet_length(id) + octet_length(parts)) from messages")[0]
    assert set(query(file, "select typeof(id) from messages")) == {"text"}
    shares: list[float] = []
    assert await service.store.compact(shares.append) == 98
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert await state_of(service, principal) == before
    assert words_in(file) == words
    assert set(query(file, "select typeof(id) from messages")) == {"blob"}
    after = query(file, "select sum(octet_length(id) + octet_length(parts)) from messages")[0]
    assert after < size - 98 * 30
    handles = "select count(*) from search_sessions, storage_form where number < first_handle"
    assert query(file, handles) == [0]
    assert await service.store.compact(shares.append) == 0


async def test_what_is_written_and_deleted_between_two_steps_is_kept_and_gone(
    service: Service, principal: Principal, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    monkeypatch.setattr(compaction, "_ROWS", 7)
    monkeypatch.setattr(compaction, "_SESSIONS", 1)
    await fill(service, principal, 4)
    number = 0
    while any(await service.store.write(compaction.step)):
        number += 1
        await service.messages.append(principal, "s0", [draft(f"during{number}")])
        if number % 3 == 0:
            await service.indexer.catch_up()
        if number == 2:
            await service.sessions.start(principal, SessionDraft(id="new", title="Newcomer"))
            await service.messages.append(principal, "new", [draft("fresh")])
        if number == 16:
            await service.sessions.delete(principal, "s3")
            await service.indexer.clear()
    assert number > 17
    await service.indexer.catch_up()
    for text, names in {
        "shared": ["s0", "s1", "s2"],
        "during1": ["s0"],
        f"during{number}": ["s0"],
        "fresh": ["new"],
        "newcomer": ["new"],
        "word3": [],
    }.items():
        results = await service.search.find(principal, SearchQuery(text=text, limit=50))
        assert sorted(item.session.name for item in results.items) == names, text
    assert not {"word3", "late3"} & words_in(file)
    assert not (await service.verification.verify()).faults
    for name in ("s0", "s1", "s2", "new"):
        await service.sessions.delete(principal, name)
    await service.indexer.clear()
    assert not words_in(file)


async def test_what_is_broken_off_goes_on_where_it_was(
    service: Service, principal: Principal, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    monkeypatch.setattr(compaction, "_ROWS", 10)
    monkeypatch.setattr(compaction, "_SESSIONS", 1)
    await fill(service, principal)
    before = await state_of(service, principal)
    steps = 0
    while any(await service.store.write(compaction.step)):
        steps += 1
        async with opened(Settings(store=f"sqlite:///{file}")) as other:
            assert await state_of(other, principal) == before
    assert steps == 10 + 6 + 1
    assert await state_of(service, principal) == before


async def test_a_session_with_many_messages_keeps_its_rows_and_is_found(
    service: Service, principal: Principal, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    monkeypatch.setattr(compaction, "LONGEST", 50)
    await fill(service, principal)
    before = await state_of(service, principal)
    await service.store.compact(lambda _: None)
    assert await state_of(service, principal) == before
    handles = "select count(*) from search_sessions, storage_form where number < first_handle"
    assert query(file, handles) == [1]


async def test_a_new_store_has_the_smaller_form(file: Path) -> None:
    async with opened(Settings(store=f"sqlite:///{file}")) as service:
        principal = service.workspaces.operator(await service.workspaces.create("acme"))
        await fill(service, principal)
        (item,) = (await service.search.find(principal, SearchQuery(text='"more 79"'))).items
        assert item.session.name == "s1"
        assert await service.store.compact(lambda _: None) == 0
    assert set(query(file, "select typeof(id) from messages")) == {"blob"}
    assert query(file, "select parts from messages where seq = 1 and parts like '%word3%'") == [
        '"shared word3"'
    ]
    assert max(query(file, "select number from search_sessions")) <= 6


async def test_pages_that_a_migration_left_empty_leave_the_file(file: Path) -> None:
    async with opened(Settings(store=f"sqlite:///{file}")) as service:
        query(file, "create table of_before as select randomblob(1000000)")
        query(file, "drop table of_before")
        size = await service.store.size()
        assert await service.store.compact(lambda _: None) == 0
        assert await service.store.size() < size - 900_000
        assert query(file, "pragma freelist_count") == [0]


async def test_postgres_has_nothing_to_make_smaller(postgres_url: str) -> None:
    async with opened(Settings(store=postgres_url)) as service:
        with pytest.raises(Invalid, match="one form"):
            await service.store.compact(lambda _: None)
