"""The target: two workspaces over one application, their keys, and every route of the router.

The victim has one of everything, all of it marked. The attacker knows every id of the victim's and
has a key of its own with every scope.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from hansard.access import ALL_SCOPES, Principal
from hansard.app import application
from hansard.http.application import Application
from hansard.http.route import Dialect, Route
from hansard.model import MessageDraft, RunDraft, SessionDraft, parts
from hansard.service import Service
from hansard.settings import Settings

MARK = "xylophagous"
"""Stands in everything of the victim's: an answer to the attacker that holds it is a leak."""
SESSION_IDS = ("session_id", "asset_id", "thread_id", "conversation_id")
"""What each API calls the id of a session in its paths."""
_PARAMETER = re.compile(r"{(\w+)}")
T = TypeVar("T")
STREAMS = "text/event-stream"
HOST = "hansard.test"
EVERY = tuple(scope for scope in ALL_SCOPES if scope != "workspaces:admin")


class AttackFound(Exception):
    """The first finding, for whoever wants to know only whether there is one."""


class Findings(list[str]):
    """What was found; with `eager` the first one ends the suite."""

    eager = False

    def append(self, what: str) -> None:
        super().append(what)
        if Findings.eager:
            raise AttackFound(what)


@dataclass
class Result:
    """What one suite did and found."""

    name: str
    count: int = 0
    findings: list[str] = field(default_factory=Findings)

    def __str__(self) -> str:
        return f"{self.name}: {self.count} requests, {len(self.findings)} findings"


@dataclass
class Caller:
    """Someone with a key.

    An API takes the key, the page takes the cookie of a sign-in and the proof of a form.
    """

    key: str
    token: str
    proof: str

    def headers(self, dialect: Dialect) -> dict[str, str]:
        if dialect.name == "web":
            return {
                "Cookie": f"hansard={self.token}",
                "Origin": f"http://{HOST}",
                "X-CSRF-Token": self.proof,
            }
        return {"Authorization": f"Bearer {self.key}"}


class Target:
    """The application under attack, in this process, and what the suites need to know of it.

    With a `step` above 1 a suite tries each route with every `step`-th of its cases, the next route
    with the next ones.
    """

    def __init__(self, service: Service, app: Application, client: httpx.AsyncClient) -> None:
        self.service = service
        self.app = app
        self.client = client
        self.victim: Principal
        self.attacker: Principal
        self.victim_caller: Caller
        self.caller: Caller
        self.ids: dict[str, str] = {}
        self.step = 1

    def routes(self) -> Iterator[tuple[Dialect, Route]]:
        for dialect in self.app.dialects:
            for route in dialect.routes:
                yield dialect, route

    def private(self) -> Iterator[tuple[Dialect, Route]]:
        """The routes that ask who is calling."""
        return ((dialect, route) for dialect, route in self.routes() if not route.public)

    def some(self, number: int, cases: Sequence[T]) -> Sequence[T]:
        """The cases of the `number`-th route."""
        return cases[number % self.step :: self.step]

    def path(self, route: Route, **values: str) -> str:
        """The route's path with the victim's ids, or with `values` in their place."""
        return _PARAMETER.sub(lambda match: values.get(match[1], self.ids[match[1]]), route.path)

    def parameters(self, route: Route) -> list[str]:
        return _PARAMETER.findall(route.path)

    async def send(
        self, dialect: Dialect, route: Route, path: str, caller: Caller | None = None, **more: Any
    ) -> httpx.Response:
        headers = (caller or self.caller).headers(dialect) | more.pop("headers", {})
        if route.body is not None and "content" not in more and "json" not in more:
            more["json"] = body_of(route)
        return await self.client.request(
            route.method, path, headers=headers, follow_redirects=False, **more
        )

    async def snapshot(self, principal: Principal) -> str:
        """All that a workspace holds, to be compared."""
        return repr(await self.rows(principal))

    async def rows(self, principal: Principal) -> list[str]:
        """The same row by row."""
        ids: list[str] = await self.service.store.snapshot(_everything, principal.workspace_id)
        return ids


def _everything(workspace_id: str) -> Any:
    from hansard.store.steps import composed  # noqa: PLC0415 - for this one statement

    texts = []
    for table, columns in (
        ("sessions", "id, version, title, user_id, state, archived_at, ended_at, read_at"),
        ("messages", "id, seq, deleted_at, parts"),
        ("runs", "id, state, updated_at"),
        ("keys", "id, name, revoked_at, expires_at"),
        ("views", "id, name"),
        ("shares", "id, revoked_at"),
        ("notes", "id, text"),
        ("scores", "id, name, value"),
        ("webhooks", "id, url, disabled_at"),
        ("documents", "scope, owner, key, revision"),
        ("bulk_actions", "id, undone_at"),
        ("retention_rules", "kind, days"),
    ):
        rows = yield from composed(
            f"select {columns} from {table} where workspace_id = :workspace_id order by 1, 2",  # noqa: S608 - names from our own tables
            {"workspace_id": workspace_id},
        )
        texts += [f"{table} {tuple(row)}" for row in rows]
    settings = yield from composed(
        "select name, settings from workspaces where id = :workspace_id",
        {"workspace_id": workspace_id},
    )
    texts += [f"workspaces {tuple(row)}" for row in settings]
    return texts


BODIES: dict[str, dict[str, Any]] = {
    "AppendIn": {"messages": [{"role": "user", "text": "attack"}]},
    "KeyIn": {"name": "attack", "scopes": ["sessions:read"]},
    "WorkspaceIn": {"name": "attack-workspace"},
    "ViewIn": {"name": "attack", "query": "state=failed"},
    "ShareIn": {"expires_at": "2999-01-01T00:00:00Z"},
    "Retention": {"rules": {}},
    "TitleIn": {"title": "attack"},
    "BulkIn": {"action": "archive", "ids": ["ses_00000000-0000-7000-8000-000000000000"]},
    "NoteIn": {"text": "attack"},
    "ScoreIn": {"name": "attack", "value": 1},
    "MessageIn": {"role": "user", "content": "attack", "conversationId": "attack"},
}
"""A body that passes the first look, by the name of the struct; any other route takes an empty
object.
"""


def body_of(route: Route) -> dict[str, Any]:
    return BODIES.get(route.body.__name__, {}) if route.body is not None else {}


def without(text: str, values: dict[str, str]) -> str:
    """An answer without the ids that were asked for, which it may repeat."""
    for value in sorted(
        (value for value in values.values() if len(value) > 3), key=len, reverse=True
    ):
        text = text.replace(value, "ID")
    return text


def is_failure(answer: httpx.Response) -> bool:
    """Whether the server failed; 501 is its word for what it never does."""
    return answer.status_code >= 500 and answer.status_code != httpx.codes.NOT_IMPLEMENTED


async def _fill(target: Target) -> None:
    """The victim's one of everything."""
    service, victim = target.service, target.victim
    session, _ = await service.sessions.start(
        victim,
        SessionDraft(
            id=f"{MARK}-session",
            title=MARK,
            user_id=f"{MARK}-user",
            channel=MARK,
            tags=[MARK],
            metadata={"m": MARK},
            intent=MARK,
        ),
    )
    text = MessageDraft(
        role="user",
        parts=parts.text_part(f"{MARK} said"),
        text=f"{MARK} said",
        client_id=f"{MARK}-message",
    )
    _, (message,) = await service.messages.append(victim, session.name, [text])
    await service.runs.start(victim, session.name, RunDraft(id=f"{MARK}-run", lease_us=None))
    second, _ = await service.sessions.start(victim, SessionDraft(id=f"{MARK}-second", title=MARK))
    _, key = await service.keys.create(victim, MARK, ("sessions:read",))
    view = await service.views.save(victim, MARK, "state=failed")
    await service.workspaces.update(victim.workspace_id, settings={"sharing": True})
    link, share = await service.shares.create(
        victim, session.name, expires_at=service.clock() + 10**12
    )
    _, note = await service.notes.add(victim, session.name, f"{MARK} noted")
    _, score, _ = await service.notes.score(victim, session.name, MARK, value=1)
    webhook = await service.webhooks.create(victim, "https://victim.example/hansard", [])
    delivery = await service.webhooks.test(victim, webhook.id)
    erasure = await service.users.erase(victim, "nobody")
    bulk = await service.bulk.apply_to(victim, "archive", [second.name])
    target.ids |= {
        "session_id": session.name,
        "asset_id": f"asset_{session.id}",
        "thread_id": session.id,
        "conversation_id": f"conv_{session.id}",
        "item_id": message.id,
        "message_id": message.id,
        "run_id": f"{MARK}-run",
        "key_id": key.id,
        "user_id": f"{MARK}-user",
        "workspace_id": f"ws_{victim.workspace_id}",
        "erasure_id": str(erasure.body["id"]),
        "view_id": view.id,
        "share_id": share.id,
        "note_id": note.id,
        "score_id": score.id,
        "webhook_id": webhook.id,
        "delivery_id": delivery.id,
        "bulk_id": str(bulk.undo),
        "name": link,
        "digest": "0",
        "document": "native.json",
        "place": "0",
    }


async def caller_of(
    service: Service,
    principal: Principal,
    scopes: tuple[str, ...],
    *,
    user_id: str | None = None,
    app: str | None = None,
) -> Caller:
    """Somebody with a new key of the principal's workspace."""
    key, _ = await service.keys.create(principal, "attack", scopes, user_id=user_id, app=app)
    token, _ = await service.sign_ins.open(key)
    return Caller(key, token, service.sign_ins.proof(token))


async def caller_with(target: Target, scopes: tuple[str, ...]) -> Caller:
    """Another key of the attacker's workspace."""
    return await caller_of(target.service, target.attacker, scopes)


@asynccontextmanager
async def under_attack(service: Service) -> AsyncIterator[Target]:
    """A target over an open store, with the two workspaces made anew."""
    app = application(service, Settings(store=service.store.url))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url=f"http://{HOST}",
        timeout=60,
    ) as client:
        target = Target(service, app, client)
        number = uuid.uuid4().hex[:8]
        target.victim = service.workspaces.operator(
            await service.workspaces.create(f"victim-{number}")
        )
        target.attacker = service.workspaces.operator(
            await service.workspaces.create(f"attacker-{number}")
        )
        target.victim_caller = await caller_of(service, target.victim, EVERY)
        target.caller = await caller_of(service, target.attacker, EVERY)
        await service.sessions.start(target.attacker, SessionDraft(id="own"))
        await _fill(target)
        yield target
