"""No word of a deleted message stays in the borders between the pages of the search index."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import apsw
import pytest

from hansard.access import Principal
from hansard.app import opened
from hansard.model import MessageDraft, SearchQuery, SessionDraft
from hansard.model.parts import text_part
from hansard.service import Service
from hansard.settings import Settings
from hansard.store import steps
from hansard.store.sqlite import SQLiteStore, separators
from hansard.store.sqlite.separators import Separators, first_word
from hansard.store.steps import Row, Steps

MESSAGES = 400


def word(number: int) -> str:
    """A word that differs from the one before it in its end, so that a border has it whole."""
    return f"secretnumber{number:05d}"


async def filled(service: Service) -> Principal:
    principal = service.workspaces.operator(await service.workspaces.create("acme"))
    for number in range(MESSAGES):
        name, text = f"s{number}", " ".join(word(30 * number + index) for index in range(30))
        await service.sessions.start(principal, SessionDraft(id=name))
        draft = MessageDraft(role="user", parts=text_part(text), text=text)
        await service.messages.append(principal, name, [draft])
    await service.indexer.catch_up()
    return principal


async def emptied(service: Service, principal: Principal) -> None:
    """Delete every second session, and let the index follow."""
    for number in range(0, MESSAGES, 2):
        await service.sessions.delete(principal, f"s{number}")
    await service.indexer.catch_up()
    await service.store.scrub(seconds=5)


def traces(file: Path) -> int:
    """How many of the deleted words stand in the file."""
    data = file.read_bytes()
    return sum(
        word(30 * number + index).encode() in data
        for number in range(0, MESSAGES, 2)
        for index in range(30)
    )


async def test_no_border_has_a_word_that_left(tmp_path: Path) -> None:
    file = tmp_path / "hansard.db"
    async with opened(Settings(store=f"sqlite:///{file}")) as service:
        principal = await filled(service)
        await emptied(service, principal)
        assert traces(file) == 0
        for number in range(1, MESSAGES, 2):
            query = SearchQuery(text=word(30 * number + number % 30), with_total=True)
            results = await service.search.find(principal, query)
            assert [item.session.name for item in results.items] == [f"s{number}"]
    connection = apsw.Connection(str(file))
    connection.execute("insert into search_index (search_index) values ('integrity-check')")
    borders: list[Any] = connection.execute(
        "select term, block from search_index_idx as x join search_index_data as d"
        " on d.id = (x.segid << 37) + (x.pgno >> 1)"
    ).fetchall()
    assert len(borders) > 20, "else nothing was tried"
    for border, page in borders:
        first = first_word(page)
        assert first is None or border == b"" or border <= first
    connection.close()


DELETING = """
import asyncio, os, signal, sys
from hansard.app import opened
from hansard.settings import Settings
from hansard.store.sqlite import SQLiteStore

async def killed_before_it(self, *, seconds=0.0):
    pass

SQLiteStore.scrub = killed_before_it

async def main(store, count):
    async with opened(Settings(store=store)) as service:
        workspace = await service.workspaces.named("acme")
        principal = service.workspaces.operator(workspace)
        for number in range(0, count, 2):
            await service.sessions.delete(principal, f"s{number}")
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def test_no_border_has_a_word_that_left_in_a_process_that_was_killed(
    tmp_path: Path,
) -> None:
    """Between the transaction that took the words out and the look at the borders."""
    file = tmp_path / "hansard.db"
    settings = Settings(store=f"sqlite:///{file}")
    async with opened(settings) as service:
        await filled(service)
    arguments = ("-c", DELETING, settings.store, str(MESSAGES))
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments)
    assert await process.wait() == -signal.SIGKILL
    async with opened(settings) as service:
        await service.indexer.catch_up()
        await service.store.scrub(seconds=5)
        assert await service.store.read(due) == []
    assert traces(file) == 0
    connection = apsw.Connection(str(file))
    connection.execute("insert into search_index (search_index) values ('integrity-check')")
    connection.close()


async def test_what_no_look_was_taken_at_is_noted_until_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(Settings(store=f"sqlite:///{tmp_path / 'hansard.db'}")) as service:
        principal = await filled(service)
        await service.store.scrub()
        assert await service.store.read(due) == []
        with monkeypatch.context() as without:
            without.setattr(SQLiteStore, "scrub", lambda *_: asyncio.sleep(0))
            await service.sessions.delete(principal, "s0")
        assert len(await service.store.read(due)) == 1
        await service.store.scrub()
        assert await service.store.read(due) == []


async def test_all_borders_are_looked_at_where_the_words_are_too_many_to_keep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(separators, "_MOST_WORDS", 100)
    monkeypatch.setattr(separators, "_MOST_BORDERS", 7)
    file = tmp_path / "hansard.db"
    async with opened(Settings(store=f"sqlite:///{file}")) as service:
        await emptied(service, await filled(service))
    assert traces(file) == 0


def due() -> Steps[list[Row]]:
    return (yield from steps.rows("separators_due"))


async def test_words_that_borders_keep_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Separators, "clean", lambda *_: None)
    monkeypatch.setattr(Separators, "__bool__", lambda _: False)
    file = tmp_path / "hansard.db"
    async with opened(Settings(store=f"sqlite:///{file}")) as service:
        await emptied(service, await filled(service))
    assert traces(file) > 0
