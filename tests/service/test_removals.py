"""A long session that is deleted is gone at once; its messages go in several transactions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from hansard.access import Principal
from hansard.errors import NotFound
from hansard.model import MessageDraft, SessionDraft, SessionFilter
from hansard.model.parts import text_part
from hansard.model.search import SearchQuery
from hansard.service import Service, removals
from hansard.service.rules import ref
from hansard.store.steps import composed
from hansard.store.verbs import deletes, indexing
from hansard.store.verbs import removals as verbs

LONG = 2 * indexing.AT_ONCE + 50
NAME = "0190163d-8694-739b-aea5-966c26f8ad91"
WORD = "zanzibar"


class Scene(NamedTuple):
    """A store with a long session, indexed; every message has the word in it."""

    service: Service
    principal: Principal

    async def append(self, text: str, count: int) -> None:
        drafts = [
            MessageDraft(
                role="user", parts=text_part(text), text=text, client_id=f"{WORD}-{number}"
            )
            for number in range(count)
        ]
        for first in range(0, count, 50):
            await self.service.messages.append(self.principal, NAME, drafts[first : first + 50])

    async def delete(self) -> None:
        """Only the transaction of a deletion; whoever did it has died then."""
        now = self.service.clock()
        await self.service.store.write(deletes.delete, ref(self.principal, NAME), now)

    async def rows(self, table: str) -> int:
        counted = await self.service.store.read(composed, f"select count(*) from {table}", {})  # noqa: S608 - the tests' own words
        return int(counted[0][0])

    async def found(self) -> int:
        results = await self.service.search.find(self.principal, SearchQuery(text=WORD))
        return len(results.items)

    async def is_sound(self) -> bool:
        return (await self.service.verification.verify()).is_sound

    def in_files(self) -> int:
        """How often the word stands in the files of the store, where it is one of files."""
        file = Path(urlsplit(self.service.store.url).path)
        if not file.is_file():
            return 0
        return sum(each.read_bytes().count(WORD.encode()) for each in file.parent.glob("*.db*"))


@pytest.fixture
async def scene(lone_service: Service) -> Scene:
    principal = lone_service.workspaces.operator(await lone_service.workspaces.create("acme"))
    scene = Scene(lone_service, principal)
    await lone_service.sessions.start(principal, SessionDraft(id=NAME, title=WORD, user_id="otto"))
    await scene.append(f"to {WORD}", LONG)
    await lone_service.indexer.catch_up()
    assert await scene.found() == 1
    return scene


async def test_a_session_is_gone_before_its_messages_are(scene: Scene) -> None:
    await scene.delete()
    assert await scene.rows("messages") == LONG - indexing.AT_ONCE
    with pytest.raises(NotFound):
        await scene.service.sessions.read(scene.principal, NAME)
    found = await scene.service.messages.named(scene.principal, [f"{WORD}-1"])
    assert (await scene.found(), list(found)) == (0, [])
    assert await scene.service.sessions.count(scene.principal, SessionFilter()) == 0
    assert await scene.is_sound()


async def test_each_transaction_removes_so_many_messages(scene: Scene) -> None:
    await scene.delete()
    left = [await scene.rows("messages")]
    while await scene.service.store.write(verbs.step, scene.principal.workspace_id, NAME):
        left.append(await scene.rows("messages"))
    assert left == [LONG - indexing.AT_ONCE, LONG - 2 * indexing.AT_ONCE]
    assert (await scene.rows("messages"), await scene.rows("removals")) == (0, 0)


async def test_sub_sessions_count_together(scene: Scene) -> None:
    service, principal = scene.service, scene.principal
    draft = MessageDraft(role="user", parts=text_part("below"), text="below")
    for number in range(3):
        await service.sessions.start(principal, SessionDraft(id=f"child-{number}", parent=NAME))
        await service.messages.append(principal, f"child-{number}", [draft] * 40)
    now = service.clock()
    deletion = await service.store.write(deletes.delete, ref(principal, NAME), now, "delete")
    assert deletion.messages == LONG + 120
    assert await scene.rows("messages") == LONG + 120 - indexing.AT_ONCE
    assert await removals.finish_all(service.store) == 4
    assert (await scene.rows("messages"), await scene.rows("removals")) == (0, 0)


async def test_each_transaction_removes_so_many_bytes(scene: Scene) -> None:
    large = [
        MessageDraft(role="user", parts=text_part(text), text=text)
        for text in (f"{number:09}" * 45_000 for number in range(4))
    ]
    for draft in large:
        await scene.service.messages.append(scene.principal, NAME, [draft])
    stored = await scene.rows("messages where octet_length(parts) > 200000")
    await scene.delete()
    if stored:  # not packed
        assert await scene.rows("messages") == LONG + 2
    await removals.finish_all(scene.service.store)
    assert await scene.rows("messages") == 0


async def test_a_deletion_answers_when_all_is_removed(scene: Scene) -> None:
    deletion = await scene.service.sessions.delete(scene.principal, NAME)
    assert deletion.messages == LONG
    assert (await scene.rows("messages"), await scene.rows("removals")) == (0, 0)


async def test_an_erasure_answers_when_all_is_removed(scene: Scene) -> None:
    receipt = await scene.service.users.erase(scene.principal, "otto")
    assert receipt.body["counts"]["messages"] == LONG
    assert (await scene.rows("messages"), await scene.rows("removals")) == (0, 0)
    assert scene.in_files() == 0


async def test_what_a_dead_process_left_is_removed_by_another(scene: Scene) -> None:
    await scene.delete()
    assert await removals.finish_all(scene.service.store) == 1
    assert (await scene.rows("messages"), await scene.rows("removals")) == (0, 0)
    await scene.service.indexer.clear()
    await scene.service.store.scrub(seconds=5)
    assert scene.in_files() == 0
    assert await scene.is_sound()


async def test_several_processes_may_remove_the_same(scene: Scene) -> None:
    await scene.delete()
    store = scene.service.store
    await asyncio.gather(*(removals.finish_all(store) for _ in range(3)))
    assert (await scene.rows("messages"), await scene.rows("removals")) == (0, 0)


async def _start(scene: Scene) -> None:
    await scene.service.sessions.start(scene.principal, SessionDraft(id=NAME))


async def _record(scene: Scene) -> None:
    draft = MessageDraft(role="user", parts=text_part("new"), text="new")
    await scene.service.sessions.record(scene.principal, SessionDraft(id=NAME), [draft])


async def _fork(scene: Scene) -> None:
    await scene.service.sessions.start(scene.principal, SessionDraft(id="other"))
    await scene.service.forks.fork(
        scene.principal, "other", until=None, draft=SessionDraft(id=NAME)
    )


@pytest.mark.parametrize("begin", [_start, _record, _fork])
async def test_a_new_session_under_the_id_keeps_its_own_messages_alone(
    scene: Scene, begin: Callable[[Scene], asyncio.Future[None]]
) -> None:
    await scene.delete()
    await begin(scene)
    await scene.append("new", 5)
    await removals.finish_all(scene.service.store)
    session = await scene.service.sessions.read(scene.principal, NAME)
    assert session.message_count == await scene.rows("messages") >= 5
    assert await scene.is_sound()


async def test_a_session_that_is_imported_again_is_as_it_was(scene: Scene) -> None:
    service, principal = scene.service, scene.principal
    snapshots = await service.transfers.take(principal, [NAME])
    await scene.delete()
    (verdict,) = await service.transfers.restore(principal, snapshots)
    assert verdict.outcome == "new"
    await removals.finish_all(service.store)
    assert await service.transfers.take(principal, [NAME]) == snapshots
    assert await scene.is_sound()


async def test_a_workspace_takes_what_is_left_along(scene: Scene) -> None:
    await scene.delete()
    await scene.service.workspaces.delete(scene.principal.workspace_id)
    await scene.service.indexer.clear()
    await scene.service.store.scrub(seconds=5)
    assert (await scene.rows("messages"), await scene.rows("removals")) == (0, 0)
    assert scene.in_files() == 0
