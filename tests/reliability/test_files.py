"""The files of an embedded store are removed, or replaced, under the running server.

Nothing is acknowledged any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from hansard.app import application, opened
from hansard.errors import StoreUnavailable
from hansard.service import Service
from hansard.settings import Settings
from tests.reliability import disks
from tests.reliability.conftest import Figure
from tests.reliability.files import file_replaced
from tests.reliability.load import Ledger

Harm = Callable[[Path], None]


async def test_a_backup_put_in_the_place_of_the_store_loses_nothing(
    tmp_path: Path, figure: Figure
) -> None:
    figures, meanwhile, health = await file_replaced(tmp_path)
    figure(f"{figures}; {meanwhile} acknowledged after the file was replaced, health {health}")
    assert (meanwhile, health) == (0, 503)
    assert figures.is_clean


async def test_a_server_that_ignores_its_file_is_seen(tmp_path: Path, figure: Figure) -> None:
    figures, meanwhile, health = await file_replaced(tmp_path, fault="ignore-files")
    figure(f"{figures}; {meanwhile} acknowledged after the file was replaced, health {health}")
    assert meanwhile > 0
    assert figures.lost > 0


def moved_away(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))


def without_its_log(file: Path) -> None:
    file.with_name(f"{file.name}-wal").rename(file.with_name("elsewhere"))


def put_back(file: Path) -> None:
    missing = file if not file.exists() else file.with_name(f"{file.name}-wal")
    file.with_name("elsewhere").rename(missing)


@pytest.mark.parametrize("harm", [moved_away, without_its_log])
async def test_a_file_that_is_put_back_is_used_again(tmp_path: Path, harm: Harm) -> None:
    """Writes, reads and health say so at once; they go on when the file is where it was."""
    url = disks.url(tmp_path)
    file = tmp_path / "hansard.db"
    ledger = Ledger()
    async with opened(Settings(store=url)) as service:
        principal = await disks.begin(service)
        await disks.append(service, principal, ledger, "one", "before")
        harm(file)
        with pytest.raises(StoreUnavailable, match="removed or replaced") as refused:
            await disks.append(service, principal, ledger, "one", "meanwhile")
        assert refused.value.code == "store_missing"
        await asyncio.sleep(0.3)
        with pytest.raises(StoreUnavailable, match="removed or replaced"):
            await service.sessions.read(principal, "one")
        answer = await _health(service)
        assert (answer.status_code, answer.json()["code"]) == (503, "store_missing")
        put_back(file)
        await disks.append(service, principal, ledger, "one", "after")
        assert (await _health(service)).status_code == 200
        assert ledger.audit(await disks.stored(service, principal)).is_clean


async def test_a_file_that_is_removed_during_the_commit_is_not_acknowledged(tmp_path: Path) -> None:
    async with opened(Settings(store=disks.url(tmp_path))) as service:
        principal = await disks.begin(service)
        session = await service.sessions.read(principal, "one")

        def vanish() -> object:
            moved_away(tmp_path / "hansard.db")
            yield from ()

        with pytest.raises(StoreUnavailable, match="removed or replaced"):
            await service.store.write(vanish)  # type: ignore[arg-type]  # a verb that asks nothing
        put_back(tmp_path / "hansard.db")
        assert (await service.sessions.read(principal, "one")).version == session.version


async def test_a_store_behind_a_link_is_looked_at_where_it_is(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    link = tmp_path / "hansard.db"
    link.symlink_to(real / "kept.db")
    async with opened(Settings(store=f"sqlite:///{link}")) as service:
        principal = await disks.begin(service)
        await disks.append(service, principal, Ledger(), "one", "before")
        (tmp_path / "other.db").touch()
        link.unlink()
        link.symlink_to(tmp_path / "other.db")
        with pytest.raises(StoreUnavailable, match="removed or replaced"):
            await disks.append(service, principal, Ledger(), "one", "after")


async def _health(service: Service) -> httpx.Response:
    app = application(service, Settings(store=service.store.url))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hansard.test") as client:
        return await client.get("/readyz")
