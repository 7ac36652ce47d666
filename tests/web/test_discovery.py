"""An empty workspace offers the sessions of the coding agents on the server's own machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from hansard.access import ALL_SCOPES, Principal
from hansard.app import application
from hansard.cli.discovery_process import DiscoveryProcess
from hansard.http.origin import is_loopback
from hansard.model import SessionFilter, Workspace
from hansard.service import Service
from hansard.settings import Settings
from hansard.web.offers import NOTHING, Offers
from tests.interchange.homes import COUNTS, write_home, write_lines
from tests.web.conftest import Reader

HERE, PATIENCE, _PAUSE = "http://127.0.0.1:8765", 30.0, 0.05
At = Callable[..., AbstractAsyncContextManager[Reader]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.fixture
def at(service: Service, key: str) -> At:
    """A reader of the page, at this machine or at another one."""

    @asynccontextmanager
    async def reading(
        offers: Offers = NOTHING, *, url: str = HERE, client: str = "127.0.0.1"
    ) -> AsyncIterator[Reader]:
        app = application(service, Settings(store=service.store.url), offers)
        transport = httpx.ASGITransport(app, client=(client, 1))
        async with httpx.AsyncClient(
            transport=transport, base_url=url, headers={"Origin": url}
        ) as opened:
            reader = Reader(opened, key)
            assert (await reader.sign_in()).status_code == 303
            yield reader

    return reading


@pytest.fixture
async def discovery(service: Service, home: Path) -> AsyncIterator[DiscoveryProcess]:
    async with DiscoveryProcess(Settings(store=service.store.url)) as process:
        yield process


async def settled(reader: Reader) -> str:
    """What the page shows when nothing goes on any more."""
    end = time.monotonic() + PATIENCE
    while "data-again" in (page := (await reader.get("/ui/discovery")).text):
        assert time.monotonic() < end, page
        await asyncio.sleep(_PAUSE)
    return page


async def test_what_is_found_is_counted_and_imported_into_the_readers_workspace(
    service: Service, principal: Principal, discovery: DiscoveryProcess, home: Path, at: At
) -> None:
    write_home(home)
    total = sum(sessions for sessions, _ in COUNTS.values())
    async with at(Offers(discovery=discovery)) as reader:
        assert 'id="discovery"' in (await reader.get("/ui/")).text
        page = await settled(reader)
        assert "Claude Code" in page
        assert f"Import {total} sessions" in page
        assert str(home) not in page
        begun = await reader.post("/ui/discovery", X_Fragment="discovery")
        assert ("<progress" in begun.text, str(home) in begun.text) == (True, False)
        done = await settled(reader)
        assert ("data-done" in done, "4 of 4 messages" in done) == (True, True)
        assert "discovery" not in (await reader.get("/ui/")).text
    assert await service.sessions.count(principal, SessionFilter()) == total


async def test_the_first_page_and_the_imports_offer_to_look(
    service: Service, key: str, discovery: DiscoveryProcess, home: Path, at: At
) -> None:
    """Also beside a demo, whose sessions leave no empty workspace that would offer it."""
    write_home(home)
    principal = await service.keys.authenticate(key)
    async with at(Offers(discovery=discovery)) as reader:
        link = await service.sign_ins.invite(principal)
        assert 'name="own"' in (await reader.get(f"/ui/setup?token={link}")).text
        form = {"token": link, "name": principal.workspace_name, "own": "yes"}
        opened = await reader.client.post("/ui/setup", data=form)
        assert opened.headers["location"] == "/ui/transfers#own"
        page = (await reader.get("/ui/transfers")).text
        assert 'id="own"' in page
        assert 'id="discovery"' in page
        assert "Claude Code" in await settled(reader)
    async with at(NOTHING) as reader:
        link = await service.sign_ins.invite(principal)
        assert 'name="own"' not in (await reader.get(f"/ui/setup?token={link}")).text
        opened = await reader.client.post("/ui/setup", data=form | {"token": link})
        assert opened.headers["location"] == "/ui/"
        assert 'id="own"' not in (await reader.get("/ui/transfers")).text


async def test_who_is_not_at_this_machine_is_offered_nothing(
    discovery: DiscoveryProcess, home: Path, at: At
) -> None:
    write_home(home)
    offers = Offers(discovery=discovery)
    for reading, headers in (
        (at(offers, client="192.0.2.7"), {}),
        (at(offers, url="http://hansard.test"), {}),
        (at(offers), {"X_Forwarded_For": "192.0.2.7"}),
        (at(NOTHING), {}),
    ):
        async with reading as reader:
            assert "discovery" not in (await reader.get("/ui/", **headers)).text
            assert (await reader.get("/ui/discovery", **headers)).status_code == 404
            assert (await reader.post("/ui/discovery", None, **headers)).status_code == 404


async def test_only_a_key_for_everything_is_offered_it(
    service: Service, principal: Principal, discovery: DiscoveryProcess, at: At
) -> None:
    some, _ = await service.keys.create(
        principal, "reads", tuple(scope for scope in ALL_SCOPES if scope != "keys:admin")
    )
    async with at(Offers(discovery=discovery)) as reader:
        assert (await reader.sign_in(some)).status_code == 303
        assert 'id="discovery"' not in (await reader.get("/ui/")).text
        assert (await reader.get("/ui/discovery")).status_code == 403


async def test_an_empty_home_says_so_and_what_cannot_be_read_is_counted(
    discovery: DiscoveryProcess, home: Path, at: At
) -> None:
    async with at(Offers(discovery=discovery)) as reader:
        assert "No sessions were found" in await settled(reader)
    line = {"role": "user", "message": {"content": [{"type": "text", "text": "hi"}]}}
    file = write_lines(home / ".cursor/projects/p/agent-transcripts/t1.jsonl", line)
    with file.open("a") as opened:
        opened.write("{broken\n")
    async with (
        DiscoveryProcess(discovery.settings) as another,
        at(Offers(discovery=another)) as reader,
    ):
        await settled(reader)
        await reader.post("/ui/discovery")
        done = await settled(reader)
        assert ("1 cannot be read" in done, "data-done" in done) == (True, False)


async def test_an_agent_that_began_behind_the_search_does_not_stop_the_import(
    discovery: DiscoveryProcess, home: Path, at: At
) -> None:
    line = {"role": "user", "message": {"content": [{"type": "text", "text": "hi"}]}}
    write_lines(home / ".cursor/projects/p/agent-transcripts/t1.jsonl", line)
    async with at(Offers(discovery=discovery)) as reader:
        assert "Claude Code" not in await settled(reader)
        write_home(home)
        await reader.post("/ui/discovery")
        assert "data-done" in await settled(reader)


async def test_a_search_that_fails_says_what_to_run(home: Path, tmp_path: Path, at: At) -> None:
    write_home(home)
    settings = Settings(store=f"sqlite:///{tmp_path}/nowhere/hansard.db")
    async with DiscoveryProcess(settings) as process, at(Offers(discovery=process)) as reader:
        await settled(reader)
        await reader.post("/ui/discovery")
        assert "hansard import --discover" in await settled(reader)


async def test_an_import_into_another_workspace_is_not_shown(
    service: Service, discovery: DiscoveryProcess, home: Path, workspace: Workspace
) -> None:
    write_home(home)
    for _ in range(int(PATIENCE / _PAUSE)):
        if discovery.finding(workspace.name).phase != "looking":
            break
        await asyncio.sleep(_PAUSE)
    discovery.begin(workspace.name)
    assert discovery.finding(workspace.name).phase == "importing"
    assert discovery.finding("another").products == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True), ("127.3.2.1", True), ("::1", True), ("localhost", True),
        ("0.0.0.0", False), ("192.0.2.7", False), ("localhost.example.com", False), (None, False),
    ],
)  # fmt: skip
def test_an_address_of_this_machine_is_known(address: str | None, expected: bool) -> None:
    assert is_loopback(address) is expected
