"""A long fork is copied beside everybody else's work, and is there at once or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

import httpx
import msgspec
import pytest

from hansard.access import ALL_SCOPES, Principal
from hansard.errors import Busy, Conflict, NotFound
from hansard.ids import IdSource
from hansard.model import (
    Message,
    MessageDraft,
    MessageQuery,
    Session,
    SessionDraft,
    SessionFilter,
    SessionQuery,
)
from hansard.model.parts import text_part
from hansard.model.search import SearchQuery
from hansard.service import Service
from hansard.service import forks as service_forks
from hansard.service.rules import ref
from hansard.service.session_rows import drafted
from hansard.store.steps import Steps, composed
from hansard.store.verbs import forks, pending_forks
from tests.conftest import client_of

LONG = 4 * forks.ROWS + 50
MINUTES_15 = 900_000_001


def draft(text: str, sender: str | None = None) -> MessageDraft:
    return MessageDraft(
        role="assistant" if text.endswith("1") else "user",
        parts=text_part(text),
        text=text,
        sender_id=sender,
    )


class Scene(NamedTuple):
    """A store with a long session ``s``: ``nina`` wrote its third message, the fifth is deleted."""

    service: Service
    principal: Principal

    async def messages(self, name: str) -> list[Message]:
        collected: list[Message] = []
        more = True
        while more:
            query = MessageQuery(limit=200, after=collected[-1].seq if collected else 0)
            _, page, more = await self.service.messages.list(self.principal, name, query)
            collected += page
        return collected

    async def fork(self, name: str | None = None) -> Session:
        return await self.service.forks.fork(
            self.principal, "s", until=None, draft=SessionDraft(id=name)
        )

    async def forking(self, name: str | None = None) -> asyncio.Task[Session]:
        """A fork of which something is stored, and which goes on beside its caller."""
        task = asyncio.create_task(self.fork(name))
        while not await self.copied():  # noqa: ASYNC110 - it begins with rows in the store
            await asyncio.sleep(0)
        return task

    async def begin(self, name: str = "fork") -> forks.Fork:
        """A fork by hand, of which two stretches are stored."""
        new = drafted(self.principal, SessionDraft(id=name), None, IdSource(), 1)
        fork = await self.service.store.write(
            forks.begin,
            ref(self.principal, "s"),
            lambda source: msgspec.structs.replace(new, parent_id=source.id),
            None,
            self.service.clock(),
        )
        return await self.go_on(await self.go_on(fork))

    async def go_on(self, fork: forks.Fork) -> forks.Fork:
        store = self.service.store
        grown, copied = await store.read(forks.copy, fork, IdSource())
        return await store.write(forks.keep, grown, copied, self.service.clock())

    async def rows(self, session_id: str) -> int:
        """How many messages are stored for a session, be it there or not."""
        sql = "select count(*) from messages where session_id = :session_id"
        counted = await self.service.store.read(composed, sql, {"session_id": session_id})
        return int(counted[0][0])

    async def pending(self) -> int:
        counted = await self.service.store.read(composed, "select count(*) from pending_forks", {})
        return int(counted[0][0])

    async def copied(self) -> int:
        """How many messages are stored without a session."""
        sql = "select count(*) from messages where session_id not in (select id from sessions)"
        return int((await self.service.store.read(composed, sql, {}))[0][0])

    async def is_sound(self) -> bool:
        return (await self.service.verification.verify()).is_sound


@pytest.fixture
async def scene(lone_service: Service) -> Scene:
    principal = lone_service.workspaces.operator(await lone_service.workspaces.create("acme"))
    await lone_service.sessions.start(
        principal, SessionDraft(id="s", user_id="otto", tags=["red"], channel="web")
    )
    texts = [f"parcel {number}" for number in range(1, LONG + 1)]
    for first in range(0, LONG, 50):
        drafts = [
            draft(text, "nina" if text == "parcel 3" else None)
            for text in texts[first : first + 50]
        ]
        await lone_service.messages.append(principal, "s", drafts)
    scene = Scene(lone_service, principal)
    await lone_service.messages.delete(principal, "s", (await scene.messages("s"))[4].id)
    return scene


def shown(messages: list[Message]) -> list[tuple[object, ...]]:
    return [
        (message.seq, message.role, bytes(message.parts), message.created_at)
        for message in messages
    ]


async def test_a_long_fork_is_what_a_short_one_would_be(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same messages and the same row, in stretches and in one transaction."""
    long = await scene.fork("long")
    monkeypatch.setattr(forks, "_STRETCH", MessageQuery(limit=10 * LONG, after=0))
    short = await scene.fork("short")
    copied = await scene.messages("long")
    assert shown(copied) == shown(await scene.messages("short"))
    assert [message.seq for message in copied] == list(range(1, LONG))
    assert {message.session_id for message in copied} == {long.id}
    same = {"id": "", "own_id": "", "created_at": 0, "updated_at": 0, "used_at": 0}
    assert msgspec.structs.replace(long, **same) == msgspec.structs.replace(short, **same)
    assert (long.message_count, long.last_seq, long.forked_seq) == (LONG - 1, LONG - 1, LONG)
    assert (long.title, long.preview, long.last_preview) == (
        "parcel 2",
        "parcel 2",
        f"parcel {LONG}",
    )
    assert await scene.service.sessions.read(scene.principal, "long") == long
    red = SessionQuery(filter=SessionFilter(tag=("red",)))
    tagged = await scene.service.sessions.list(scene.principal, red)
    assert sorted(session.name for session in tagged.items) == ["long", "s", "short"]
    assert await scene.pending() == 0
    await scene.service.messages.append(scene.principal, "long", [draft("and on")])
    assert await scene.is_sound()


async def test_a_fork_has_the_row_that_appends_would_make(scene: Scene) -> None:
    """What is computed for a row that is not stored is what the database computes."""
    fork = await scene.fork("fork")
    await scene.service.sessions.start(scene.principal, SessionDraft(id="appended"))
    drafts = [
        msgspec.structs.replace(
            draft(msgspec.json.decode(message.parts)[0]["content"]), created_at=message.created_at
        )
        for message in await scene.messages("fork")
    ]
    for first in range(0, len(drafts), 20):
        batch = drafts[first : first + 20]
        await scene.service.messages.append(scene.principal, "appended", batch)
    appended = await scene.service.sessions.read(scene.principal, "appended")
    for field in (
        "title", "title_by", "preview", "last_preview", "last_role", "message_count", "last_seq",
        "first_message_at", "last_message_at", "active_at", "input_tokens",
    ):  # fmt: skip
        assert getattr(fork, field) == getattr(appended, field), field


async def test_nobody_sees_a_fork_before_it_is_complete(scene: Scene) -> None:
    service, principal = scene.service, scene.principal
    fork = await scene.begin()
    assert await scene.rows(fork.session.id) == 2 * forks.ROWS
    await service.indexer.catch_up()
    with pytest.raises(NotFound):
        await service.sessions.read(principal, "fork")
    with pytest.raises(NotFound):
        await service.messages.list(principal, f"ses_{fork.session.id}", MessageQuery())
    page = await service.sessions.list(principal, SessionQuery(with_total=True))
    assert ([session.name for session in page.items], page.total) == (["s"], 1)
    results = await service.search.find(principal, SearchQuery(text="parcel"))
    assert {item.session.name for item in results.items} == {"s"}
    findings = await service.verification.verify()
    assert (findings.sessions, findings.is_sound) == (1, True)

    while not fork.is_copied:
        fork = await scene.go_on(fork)
    await service.store.write(forks.complete, ref(principal, "s"), fork, service.clock())
    assert len(await scene.messages("fork")) == LONG - 1
    await service.indexer.catch_up()
    results = await service.search.find(principal, SearchQuery(text="parcel"))
    assert {item.session.name for item in results.items} == {"fork", "s"}
    assert await scene.is_sound()


async def test_appends_to_the_original_go_on_meanwhile(scene: Scene) -> None:
    forking = asyncio.create_task(scene.fork("fork"))
    appended = 0
    while not forking.done():
        await scene.service.messages.append(scene.principal, "s", [draft("meanwhile")])
        appended += 1
    fork = await forking
    assert appended > LONG // forks.ROWS
    assert fork.forked_seq is not None
    assert fork.message_count == fork.forked_seq - 1
    assert (await scene.service.sessions.read(scene.principal, "s")).last_seq == LONG + appended
    assert await scene.is_sound()


async def test_a_message_that_is_deleted_meanwhile_is_in_no_copy(scene: Scene) -> None:
    fork = await scene.begin()
    second = (await scene.messages("s"))[1]
    await scene.service.messages.delete(scene.principal, "s", second.id)
    assert (await scene.rows(fork.session.id), await scene.pending()) == (0, 0)
    with pytest.raises(pending_forks.Interrupted):
        await scene.go_on(fork)
    with pytest.raises(pending_forks.Interrupted):
        await scene.service.store.write(
            forks.complete, ref(scene.principal, "s"), fork, scene.service.clock()
        )
    assert await scene.is_sound()


async def test_a_fork_that_is_interrupted_begins_anew(scene: Scene) -> None:
    forking = await scene.forking("fork")
    third = (await scene.messages("s"))[2]
    await scene.service.messages.delete(scene.principal, "s", third.id)
    fork = await forking
    texts = [bytes(message.parts) for message in await scene.messages("fork")]
    assert (fork.message_count, len(texts)) == (LONG - 2, LONG - 2)
    assert not any(b'"parcel 3"' in text for text in texts)
    assert await scene.is_sound()


async def test_a_fork_that_is_interrupted_again_and_again_is_refused(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def interrupted(*_: object) -> Steps[None]:
        tries.append(1)
        yield from ()
        raise pending_forks.Interrupted("again")

    monkeypatch.setattr(pending_forks, "end", interrupted)
    monkeypatch.setattr(service_forks, "_PAUSE_SECONDS", 0)
    with pytest.raises(Busy) as refusal:
        await scene.fork()
    assert (refusal.value.code, len(tries)) == ("fork_interrupted", 8)
    assert await scene.pending() == 0
    assert await scene.is_sound()


@pytest.mark.parametrize("how", ["session", "user", "sender", "workspace"])
async def test_what_is_deleted_takes_its_pending_copies_along(scene: Scene, how: str) -> None:
    service, principal = scene.service, scene.principal
    fork = await scene.begin()
    if how == "session":
        await service.sessions.delete(principal, "s")
    elif how == "user":
        await service.users.erase(principal, "otto")
    elif how == "sender":
        receipt = await service.users.erase(principal, "nina")
        assert receipt.body["counts"]["messages_elsewhere"] == 1
    else:
        await service.workspaces.delete(principal.workspace_id)
    assert (await scene.rows(fork.session.id), await scene.pending()) == (0, 0)
    with pytest.raises(Busy):
        await scene.go_on(fork)
    assert await scene.is_sound()


async def test_a_fork_of_a_session_that_is_deleted_meanwhile_is_of_nothing(scene: Scene) -> None:
    forking = await scene.forking()
    await scene.service.sessions.delete(scene.principal, "s")
    with pytest.raises(NotFound):
        await forking
    findings = await scene.service.verification.verify()
    assert (findings.sessions, findings.is_sound, await scene.pending()) == (0, True, 0)


async def test_a_copy_that_nobody_goes_on_with_is_cleared_away(scene: Scene) -> None:
    """A process that dies leaves it; another takes it away a quarter of an hour later."""
    service = scene.service
    fork = await scene.begin()
    assert await service.forks.clear() == 0
    assert await scene.rows(fork.session.id) == 2 * forks.ROWS
    later = Service(
        service.store, service.secret, clock=lambda: service.clock() + MINUTES_15, ids=IdSource()
    )
    assert await later.forks.clear() == 1
    assert (await scene.rows(fork.session.id), await scene.pending()) == (0, 0)
    with pytest.raises(pending_forks.Interrupted):
        await scene.go_on(fork)
    assert await scene.is_sound()


async def test_a_copy_is_taken_away_in_parts(scene: Scene) -> None:
    """Each part is a transaction; whoever still copies is stopped by the first."""
    fork = await scene.begin()
    now = scene.service.clock() + 1
    away = (scene.principal.workspace_id, fork.session.id, now, forks.ROWS)
    assert await scene.service.store.write(pending_forks.take_away, *away) is True
    assert await scene.rows(fork.session.id) == forks.ROWS
    with pytest.raises(pending_forks.Interrupted):
        await scene.go_on(fork)
    assert await scene.service.store.write(pending_forks.take_away, *away) is False
    assert (await scene.rows(fork.session.id), await scene.pending()) == (0, 0)


async def test_a_name_that_is_taken_is_told_before_anything_is_copied(scene: Scene) -> None:
    await scene.service.sessions.start(scene.principal, SessionDraft(id="fork"))
    with pytest.raises(Conflict, match="there is a session 'fork' already"):
        await scene.fork("fork")
    assert await scene.pending() == 0


async def test_a_name_that_is_taken_meanwhile_leaves_no_copy(scene: Scene) -> None:
    forking = await scene.forking("fork")
    await scene.service.sessions.start(scene.principal, SessionDraft(id="fork"))
    with pytest.raises(Conflict, match="there is a session 'fork' already"):
        await forking
    assert await scene.pending() == 0
    assert await scene.is_sound()


async def test_a_uuid_of_the_callers_is_forked_in_one_transaction(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its session may begin at any moment, and must not find the messages of an unfinished copy."""
    monkeypatch.setattr(forks, "begin", None)
    name = "01900000-0000-7000-8000-0000000000ff"
    fork = await scene.fork(name)
    assert (fork.id, fork.message_count) == (name, LONG - 1)
    assert await scene.is_sound()


async def test_a_stretch_is_bounded_in_bytes(lone_service: Service) -> None:
    """By what the messages say, not by how short they are kept."""
    principal = lone_service.workspaces.operator(await lone_service.workspaces.create("acme"))
    scene = Scene(lone_service, principal)
    await lone_service.sessions.start(principal, SessionDraft(id="s"))
    large = forks.BYTES * 3 // 5
    for size in (large, large, 10, 2 * forks.BYTES, 10, 10):
        await lone_service.messages.append(principal, "s", [draft("a" * size)])
    assert not await lone_service.store.read(forks.is_short, ref(principal, "s"), 2)
    assert await lone_service.store.read(forks.is_short, ref(principal, "s"), 1)
    fork = await scene.fork("fork")
    assert fork.message_count == 6
    begun = forks.Fork(fork, (await lone_service.sessions.read(principal, "s")).id, 6)
    lengths = []
    while not begun.is_copied:
        begun, copied = await lone_service.store.read(forks.copy, begun, IdSource())
        lengths.append(len(copied.messages))
    assert lengths == [1, 2, 1, 2]
    assert await scene.is_sound()


@pytest.fixture
async def api(scene: Scene) -> AsyncIterator[httpx.AsyncClient]:
    key, _ = await scene.service.keys.create(scene.principal, "tests", ALL_SCOPES)
    async with client_of(scene.service, key) as http_client:
        yield http_client


async def test_a_long_fork_under_a_key_is_made_once(scene: Scene, api: httpx.AsyncClient) -> None:
    async def send(key: str, **body: str) -> httpx.Response:
        headers = {"Idempotency-Key": key}
        return await api.post("/v1/sessions/s/fork", json=body, headers=headers)

    first, second = await asyncio.gather(send("k", title="a"), send("k", title="a"))
    assert sorted((first.status_code, second.status_code)) == [201, 409]
    created = max((first, second), key=lambda answer: answer.status_code == 201).json()
    again = await send("k", title="a")
    assert (again.status_code, again.json()["id"]) == (201, created["id"])
    assert again.headers["idempotent-replayed"] == "true"
    assert (await send("k", title="b")).json()["code"] == "idempotency_key_reused"
    page = await scene.service.sessions.list(scene.principal, SessionQuery(with_total=True))
    assert (page.total, await scene.pending()) == (2, 0)
    assert await scene.is_sound()
