"""A list that followed the events is the list that is asked for anew."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from hansard.access import Principal
from hansard.app import opened
from hansard.errors import Conflict, NotFound
from hansard.model import (
    MessageDraft,
    SessionDraft,
    SessionFilter,
    SessionPatch,
    SessionQuery,
)
from hansard.model.parts import text_part
from hansard.model.rewind import Cut
from hansard.model.run import RunDraft
from hansard.native.session_bodies import SESSION
from hansard.service import Service
from hansard.settings import Settings
from hansard.store.listing import ORDERS
from hansard.store.verbs import events
from tests.support.recorder import Recorder

TITLES = ("Apples", "apples", "Ärger", "Zebra", "", "Pears and plums")
USERS = ("nina", "otto")
FILTERS = (
    SessionFilter(),
    SessionFilter(archived=False),
    SessionFilter(archived=True),
    SessionFilter(user_id=("nina",), archived=False),
    SessionFilter(channel=("web",)),
    SessionFilter(tag=("vip",)),
    SessionFilter(metadata=("plan=gold",)),
    SessionFilter(unread=True),
    SessionFilter(noted=True),
    SessionFilter(scored=False),
    SessionFilter(has_messages=True, ended=False),
    SessionFilter(branch=(0,)),
    SessionFilter(messages_from=2),
    SessionFilter(without=(SessionFilter(tag=("vip",)),)),
    SessionFilter(either=((SessionFilter(user_id=("otto",)), SessionFilter(noted=True)),)),
)
Shown = tuple[list[bytes], int | None, bool, bool]


def draft(text: str = "hello") -> MessageDraft:
    return MessageDraft(role="user", parts=text_part(text), text=text)


async def listed(service: Service, principal: Principal, query: SessionQuery) -> Shown:
    page = await service.sessions.list_as(principal, query, SESSION)
    items = [bytes(item) for item in page.items]
    return items, page.total, page.has_more, page.next_cursor is not None


class Writer:
    """Does one thing after the other that may move a session in a list, into it or out of it."""

    def __init__(self, service: Service, principal: Principal, chance: random.Random) -> None:
        self.service, self.principal, self.chance = service, principal, chance
        self.ids: list[str] = []
        self.deeds: tuple[Callable[[str], Awaitable[object]], ...] = (
            self.start, self.start, self.patch, self.patch, self.archive, self.append,
            self.append, self.append, self.fork, self.delete, self.note, self.score, self.read,
            self.end, self.run, self.rewind, self.erase,
        )  # fmt: skip

    async def write(self) -> None:
        for _ in range(self.chance.choice((1, 1, 1, 2, 5, 9))):
            deed = self.chance.choice(self.deeds) if len(self.ids) > 4 else self.start
            with contextlib.suppress(NotFound, Conflict):  # it is deleted, or has no message
                await deed(self.chance.choice(self.ids) if self.ids else "")

    async def start(self, ident: str) -> None:
        chance = self.chance
        new = SessionDraft(
            title=chance.choice(TITLES) or None,
            user_id=chance.choice((*USERS, None)),
            channel=chance.choice(("web", "api", None)),
            parent=ident or None if chance.random() < 0.2 else None,
            tags=chance.choice((["vip"], [])),
            metadata=chance.choice(({"plan": "gold"}, {})),
            created_at=chance.choice((1_700_000_000_000_000, None)),
        )
        self.ids.append((await self.service.sessions.start(self.principal, new))[0].id)

    async def patch(self, ident: str) -> None:
        patch = self.chance.choice(
            (
                SessionPatch(title=self.chance.choice(TITLES)),
                SessionPatch(tags=self.chance.choice((["vip"], []))),
                SessionPatch(metadata={"plan": self.chance.choice(("gold", None))}),
                SessionPatch(channel=self.chance.choice(("web", "api"))),
            )
        )
        await self.service.sessions.update(self.principal, ident, patch)

    async def archive(self, ident: str) -> None:
        archived = self.chance.random() < 0.5
        await self.service.sessions.archive(self.principal, ident, archived=archived)

    async def append(self, ident: str) -> None:
        await self.service.messages.append(
            self.principal, ident, [draft(str(self.chance.random()))]
        )

    async def fork(self, ident: str) -> None:
        fork = await self.service.forks.fork(
            self.principal,
            ident,
            until=None,
            draft=SessionDraft(),
            detached=self.chance.random() < 0.5,
        )
        self.ids.append(fork.id)

    async def delete(self, ident: str) -> None:
        if self.chance.random() < 0.5:
            await self.service.sessions.delete(self.principal, ident, sub_sessions="delete")
        await self.service.sessions.delete(self.principal, ident)

    async def note(self, ident: str) -> None:
        await self.service.notes.add(self.principal, ident, "Look at this")

    async def score(self, ident: str) -> None:
        await self.service.notes.score(self.principal, ident, "quality", value=0.5)

    async def read(self, ident: str) -> None:
        read = self.chance.random() < 0.5
        await self.service.sessions.mark_read(self.principal, ident, read=read)

    async def end(self, ident: str) -> None:
        await self.service.sessions.end(self.principal, ident)

    async def run(self, ident: str) -> None:
        await self.service.runs.start(self.principal, ident, RunDraft())

    async def rewind(self, ident: str) -> None:
        await self.service.messages.rewind(self.principal, ident, Cut(count=1))

    async def erase(self, _: str) -> None:
        if self.chance.random() < 0.1:
            await self.service.users.erase(self.principal, self.chance.choice(USERS))


def some_query(chance: random.Random) -> SessionQuery:
    return SessionQuery(
        filter=chance.choice(FILTERS),
        sort=chance.choice(list(ORDERS)),  # type: ignore[arg-type]  # the words of Sort
        limit=chance.choice((3, 8)),
        with_total=chance.random() < 0.5,
    )


async def asked_anew(service: Service, principal: Principal, query: SessionQuery) -> Shown:
    service.sessions._lists.clear()
    return await listed(service, principal, query)


@pytest.mark.parametrize("seed", range(3))
async def test_every_list_follows_every_change(
    service: Service, principal: Principal, seed: int
) -> None:
    chance = random.Random(seed)
    writer = Writer(service, principal, chance)
    for _ in range(12):
        await writer.start("")
    queries = [some_query(chance) for _ in range(6)]
    kept = service.sessions._lists
    for _ in range(25):
        await writer.write()
        for query in queries:
            shown = await listed(service, principal, query)
            before = {key: kept.get(key, group=principal.workspace_id) for key, _ in kept.items()}
            assert shown == await asked_anew(service, principal, query), query
            for key, beginning in before.items():  # so that it goes on from what it followed
                if beginning is not None:
                    kept.put(key, beginning, principal.workspace_id)


@pytest.mark.parametrize("store_url", ["postgres", "sqlite"], indirect=True)
async def test_a_list_has_what_another_server_wrote(store_url: str) -> None:
    chance = random.Random(3)
    settings = Settings(store=store_url)
    async with opened(settings) as here, opened(settings) as there:
        principal = here.workspaces.operator(await here.workspaces.create("acme"))
        writers = [Writer(here, principal, chance), Writer(there, principal, chance)]
        writers[1].ids = writers[0].ids
        queries = [some_query(chance) for _ in range(4)]
        for _ in range(30):
            await chance.choice(writers).write()
            for query in queries:
                shown = [await listed(each, principal, query) for each in (here, there)]
                async with opened(settings) as third:
                    shown.append(await listed(third, principal, query))
                assert shown[0] == shown[1] == shown[2], query


async def test_behind_a_write_no_list_is_walked(watched: Service, recorder: Recorder) -> None:
    principal = watched.workspaces.operator(await watched.workspaces.create("acme"))
    names = [f"s{number}" for number in range(20)]
    for name in names:
        await watched.sessions.start(principal, SessionDraft(id=name, title=name))
    query = SessionQuery(sort="-active_at", limit=5, with_total=True)
    await watched.sessions.list_as(principal, query, SESSION)
    await watched.messages.append(principal, "s3", [draft()])
    await watched.sessions.start(principal, SessionDraft(id="s20"))
    recorder.statements.clear()
    page = await watched.sessions.list_as(principal, query, SESSION)
    assert recorder.statements == ["session_changed"]
    assert page.total == 21
    assert b'"s20"' in bytes(page.items[0])
    assert b'"s3"' in bytes(page.items[1])


async def test_a_list_that_lost_more_than_it_knows_is_asked_for_anew(
    watched: Service, recorder: Recorder
) -> None:
    principal = watched.workspaces.operator(await watched.workspaces.create("acme"))
    for number in range(20):
        await watched.sessions.start(principal, SessionDraft(id=f"s{number}"))
    query = SessionQuery(filter=SessionFilter(archived=False), sort="-created_at", limit=5)
    await watched.sessions.list_as(principal, query, SESSION)
    await watched.sessions.archive(principal, "s19")
    recorder.statements.clear()
    page = await watched.sessions.list_as(principal, query, SESSION)
    assert recorder.statements[:2] == ["session_changed", "session_page"]
    assert [b'"s18"' in bytes(page.items[0]), len(page.items)] == [True, 5]


async def test_a_whole_list_that_grows_too_long_to_keep_shrinks_again(
    service: Service, principal: Principal
) -> None:
    query = SessionQuery(filter=SessionFilter(archived=False), sort="created_at", limit=1)
    names = [f"s{number}" for number in range(48)]
    for name in names:
        await service.sessions.start(principal, SessionDraft(id=name))
        assert b'"s0"' in (await listed(service, principal, query))[0][0]
    for number in range(47):
        await service.sessions.archive(principal, names[number])
        shown, _, more, _ = await listed(service, principal, query)
        assert [f'"s{number + 1}"'.encode() in shown[0], more] == [True, number < 46]


async def test_a_list_does_not_miss_what_trimmed_events_said(
    service: Service, principal: Principal
) -> None:
    for number in range(3):
        await service.sessions.start(
            principal, SessionDraft(title=f"Session {number}", id=f"s{number}")
        )
    query = SessionQuery(sort="title", limit=50)
    await listed(service, principal, query)
    await service.sessions.update(principal, "s2", SessionPatch(title="A first one"))
    await service.indexer.catch_up()
    now = await service.sessions.generation(principal)
    await service.store.write(events.trim, principal.workspace_id, now)
    assert b'"s2"' in (await listed(service, principal, query))[0][0]


async def test_a_caller_sees_nothing_of_others_in_what_followed(
    service: Service, principal: Principal
) -> None:
    narrowed = msgspec.structs.replace(principal, user_id="nina")
    query = SessionQuery(limit=50)
    await service.sessions.start(principal, SessionDraft(id="hers", user_id="nina"))
    await service.sessions.start(principal, SessionDraft(id="his", user_id="otto"))
    for name in ("hers", "his"):
        assert len((await listed(service, narrowed, query))[0]) == 1
        await service.messages.append(principal, name, [draft()])
    assert len((await listed(service, narrowed, query))[0]) == 1
