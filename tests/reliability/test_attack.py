"""The attack suites in short, and for each a seeded fault that it must find.

The long ones: `make attack`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hansard import byte_cache
from hansard.access import ALL_SCOPES, KeyMint, Principal
from hansard.app import opened
from hansard.dialects.pocketpaw import sign_ins
from hansard.http import route, routing, strict_json
from hansard.http.call import Call
from hansard.http.decoding import QueryReader
from hansard.model.idempotency import IdempotentRequest
from hansard.native import filters, sessions
from hansard.service import Service, keys
from hansard.service.keys import Keys
from hansard.settings import Settings
from hansard.store.cursors import Cursors
from hansard.store.verbs.session_lookup import SessionRef
from hansard.web import layout
from tests.attack import bodies, forgery, heads, inputs, narrowed, numbers, secrets, tenants, wire
from tests.attack.schemas import documents, fuzz
from tests.attack.target import AttackFound, Findings, Result, Target, under_attack
from tests.reliability.conftest import Figure
from tests.reliability.live import Live, new_key

FEW = inputs.HOSTILE[::7]


async def few_strings(target: Target) -> Result:
    return await inputs.hostile_strings(target, FEW)


AGAINST_SQL = [
    tenants.foreign_ids,
    tenants.mass_assignment,
    few_strings,
    inputs.cursors,
    tenants.foreign_ids_in_bodies,
    narrowed.narrowed,
]
SUITES = [
    tenants.credentials,
    tenants.scopes,
    tenants.escalation,
    forgery.forgery,
    inputs.idempotency,
    inputs.methods,
    inputs.bodies,
    inputs.forms,
    numbers.numbers,
    secrets.secrets_at_rest,
    *AGAINST_SQL,
]


@pytest.fixture
async def target(lone_service: Service) -> AsyncIterator[Target]:
    async with under_attack(lone_service) as attacked:
        attacked.step = 4
        yield attacked


async def test_nobody_gets_in(target: Target, store_url: str, figure: Figure) -> None:
    """Every suite runs on the embedded store.

    On PostgreSQL only those run that could reach its statements.
    """
    results = [
        await suite(target) for suite in (SUITES if store_url.startswith("sqlite") else AGAINST_SQL)
    ]
    for result in results:
        figure(result)
    assert [finding for result in results for finding in result.findings] == []
    assert all(result.count for result in results)


def as_victim(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key is taken for the victim's."""
    real = Keys.authenticate

    async def authenticate(self: Keys, credential: str | None) -> Principal:
        principal = await real(self, credential)
        return msgspec.structs.replace(principal, workspace_id=target.victim.workspace_id)

    monkeypatch.setattr(Keys, "authenticate", authenticate)


def open_door(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key is asked for."""

    async def authenticate(_self: Keys, _credential: str | None) -> Principal:
        return target.attacker

    monkeypatch.setattr(Keys, "authenticate", authenticate)


def every_scope(_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key may do everything."""
    monkeypatch.setattr(
        keys,
        "_principal",
        lambda key, home: Principal(
            key.workspace_id, home.name, key.id, frozenset(ALL_SCOPES), key.user_id, key.app
        ),
    )


def generous(_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key may make any other."""
    monkeypatch.setattr(keys, "_check_within", lambda *_: None)


def broad(_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key for one end user sees every session."""
    monkeypatch.setattr(SessionRef, "sees", lambda *_: True)


def brittle(_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quote in a title breaks the list."""
    real = filters.filter_of

    def filter_of(params: Any) -> Any:
        assert "'" not in (params.title or "")
        return real(params)

    byte_cache.clear()  # it may know these strings from an attack before
    monkeypatch.setattr(sessions, "filter_of", filter_of)


def unsealed(_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cursors are taken as they come."""
    monkeypatch.setattr(Cursors, "_seal", lambda *_: b"12345678")


def careless(_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key gives its answer to any request."""
    real = Call.once

    def once(self: Any, *args: Any, **kwargs: Any) -> IdempotentRequest | None:
        request = real(self, *args, **kwargs)
        return request and msgspec.structs.replace(request, digest="same")

    monkeypatch.setattr(Call, "once", once)


def any_method(_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any method is as good as another."""
    real = routing.Router.find

    def find(self: routing.Router, path: str) -> Any:
        methods, names, values = real(self, path)
        first = next(iter(methods.values()), None)
        return (dict.fromkeys(inputs.METHODS, first) if first else {}), names, values

    monkeypatch.setattr(routing.Router, "find", find)


def unchecked(_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bodies are decoded without a look at them."""
    monkeypatch.setattr(strict_json, "check", lambda *_: None)


def sizing(_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """A number from outside says how large a list is."""
    real = QueryReader.read

    def read(self: QueryReader, query: bytes) -> Any:
        params = real(self, query)
        assert bytearray(max(0, getattr(params, "limit", 0))) is not None
        return params

    monkeypatch.setattr(QueryReader, "read", read)


def from_anywhere(_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """A form may come from anywhere."""
    monkeypatch.setattr(layout, "check_origin", lambda _call: None)


def trusting(_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in a cookie is taken from pages of any origin."""
    monkeypatch.setattr(sign_ins, "is_foreign", lambda _headers: False)


def plain_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are stored as they are."""
    monkeypatch.setattr(KeyMint, "digest", lambda _self, key: key.secret)


@pytest.fixture
def eager() -> Iterator[None]:
    """One finding is enough."""
    Findings.eager = True
    yield
    Findings.eager = False


@pytest.fixture(scope="module")
async def embedded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """An embedded store that the seeded faults share.

    The suites are the same on both backends, and so are their eyes.
    """
    async with opened(
        Settings(store=f"sqlite:///{tmp_path_factory.mktemp('seeded') / 'hansard.db'}")
    ) as embedded_target:
        yield embedded_target


@pytest.mark.parametrize(
    ("seed", "suite"),
    [
        (as_victim, tenants.foreign_ids),
        (open_door, tenants.credentials),
        (every_scope, tenants.scopes),
        (generous, tenants.escalation),
        (broad, narrowed.narrowed),
        (as_victim, tenants.mass_assignment),
        (brittle, few_strings),
        (unsealed, inputs.cursors),
        (careless, inputs.idempotency),
        (any_method, inputs.methods),
        (unchecked, inputs.bodies),
        (sizing, numbers.numbers),
        (from_anywhere, forgery.forgery),
        (trusting, forgery.forgery),
        (as_victim, tenants.foreign_ids_in_bodies),
    ],
)
@pytest.mark.usefixtures("eager")
async def test_a_seeded_fault_is_found(
    embedded: Service,
    monkeypatch: pytest.MonkeyPatch,
    seed: Callable[[Target, pytest.MonkeyPatch], None],
    suite: Callable[[Target], Awaitable[Result]],
    figure: Figure,
) -> None:
    async with under_attack(embedded) as target:
        embedded.keys.forget()
        seed(target, monkeypatch)
        with pytest.raises(AttackFound) as problem:
            await suite(target)
    embedded.keys.forget()
    figure(f"{(seed.__doc__ or '').strip()} Found: {str(problem.value)[:100]}")


async def test_secrets_that_are_stored_are_found(
    embedded: Service, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    plain_secrets(monkeypatch)
    async with under_attack(embedded) as target:
        result = await secrets.secrets_at_rest(target)
    figure(f"{(plain_secrets.__doc__ or '').strip()} {len(result.findings)} findings")
    assert result.findings


async def handler(_call: Any) -> None:
    """Do nothing."""


def test_a_route_without_a_scope_does_not_start() -> None:
    with pytest.raises(TypeError, match="declares no scope"):
        route.Route("GET /v1/open", handler)
    with pytest.raises(TypeError, match="declares no scope"):
        route.Route("GET /v1/open", handler, scope="made:up")


QUICK = {"head_seconds": str(heads.HEAD_SECONDS)}


async def test_the_wire_holds(tmp_path: Path, figure: Figure) -> None:
    url = f"sqlite:///{tmp_path / 'hansard.db'}"
    key = await new_key(url)
    async with Live(url, tmp_path, settings=QUICK) as live:
        results = [
            await heads.heads(live, key, most=32 * heads.MIB),
            await heads.drips(live, key, count=80),
            await wire.smuggling(live, key),
            await wire.canaries(live, key),
            await wire.idlers(live, key, count=120),
            await documents(live),
        ]
        results.append(await fuzz(live, "konvo", examples=3, phases="fuzzing"))
    for result in results:
        figure(result)
    assert [finding for result in results for finding in result.findings] == []


async def test_heads_without_a_bound_are_found(tmp_path: Path, figure: Figure) -> None:
    url = f"sqlite:///{tmp_path / 'hansard.db'}"
    key = await new_key(url)
    async with Live(url, tmp_path, fault="unbounded-heads", settings=QUICK) as live:
        results = [
            await heads.heads(live, key, most=4 * heads.MIB, step=6),
            await heads.drips(live, key, count=8),
        ]
    for result in results:
        figure(f"seeded fault: {result}; {result.findings[:2]}")
        assert result.findings


async def test_hostile_bodies_hold_nobody_up(tmp_path: Path, figure: Figure) -> None:
    url = f"sqlite:///{tmp_path / 'hansard.db'}"
    key = await new_key(url)
    async with Live(url, tmp_path) as live:
        result = await bodies.bodies(live, key, at_once=2, step=5)
    figure(result)
    assert result.findings == []


async def test_bodies_that_are_read_on_the_loop_are_found(tmp_path: Path, figure: Figure) -> None:
    url = f"sqlite:///{tmp_path / 'hansard.db'}"
    key = await new_key(url)
    async with Live(url, tmp_path, fault="bodies-on-the-loop") as live:
        result = await bodies.bodies(live, key, at_once=4, step=5)
    figure(f"seeded fault: {result}; {result.findings[:2]}")
    assert result.findings
