"""What holds conversations is readable to its owner alone, whatever the umask; a mode that somebody set stays."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from hansard.app import open_store, opened
from hansard.settings import Settings


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


async def test_a_new_store_its_log_and_its_backup_are_private(tmp_path: Path) -> None:
    async with opened(Settings(store=f"sqlite:///{tmp_path / 'new.db'}")) as service:
        await service.workspaces.create("acme")
        await service.store.backup(tmp_path / "kept.db", lambda _share: None)
        assert modes(tmp_path) == dict.fromkeys(
            ("new.db", "new.db-wal", "new.db-shm", "kept.db"), 0o600
        )


async def test_a_restored_store_is_private(tmp_path: Path) -> None:
    async with opened(Settings(store=f"sqlite:///{tmp_path / 'old.db'}")) as service:
        await service.store.backup(tmp_path / "kept.db", lambda _share: None)
    (tmp_path / "kept.db").chmod(0o644)
    await open_store(Settings(store=f"sqlite:///{tmp_path / 'new.db'}")).restore(
        tmp_path / "kept.db", lambda _share: None
    )
    assert modes(tmp_path)["new.db"] == 0o600


async def test_a_backup_of_postgresql_is_private(postgres_url: str, tmp_path: Path) -> None:
    (tmp_path / "kept.zip.partial").touch(0o644)
    async with opened(Settings(store=postgres_url)) as service:
        await service.store.backup(tmp_path / "kept.zip", lambda _share: None)
    assert modes(tmp_path) == {"kept.zip": 0o600}


async def test_a_store_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "shared.db"
    file.touch()
    file.chmod(0o640)
    async with opened(Settings(store=f"sqlite:///{file}")) as service:
        await service.workspaces.create("acme")
        assert modes(tmp_path) == dict.fromkeys(
            ("shared.db", "shared.db-wal", "shared.db-shm"), 0o640
        )


async def test_a_name_that_points_to_a_new_file_makes_that_private(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "disk" / "new.db")
    async with opened(Settings(store=f"sqlite:///{tmp_path / 'link.db'}")) as service:
        await service.workspaces.create("acme")
        assert modes(tmp_path / "disk")["new.db"] == 0o600
