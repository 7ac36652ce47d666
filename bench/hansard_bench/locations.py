"""The locations of a run's stores: files in the build folder, or PostgreSQL databases."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from hansard.app import open_store
from hansard.errors import Invalid
from hansard.settings import Settings
from hansard_bench.baselines import scripts

_PREFIX = "hansard_bench_"


class Places(Protocol):
    """One kind of store; ``kind`` is its name in the table of targets."""

    kind: str

    def ours(self, name: str) -> str:
        """The URL of a store of ours."""

    def idiomatic(self, name: str) -> str:
        """The URL of the idiomatic server's database, as SQLAlchemy spells it."""

    def empty(self, *urls: str) -> None:
        """Remove what is there."""

    def on_disk(self, url: str) -> int | None:
        """The bytes that a store takes, None where nobody can tell."""


class Files:
    """SQLite stores, a file each."""

    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._folder.mkdir(parents=True, exist_ok=True)

    def ours(self, name: str) -> str:
        return f"sqlite:///{self._folder / name}.db"

    def idiomatic(self, name: str) -> str:
        return f"sqlite+aiosqlite:///{self._folder / name}-idiomatic.db"

    def empty(self, *urls: str) -> None:
        for url in urls:
            for path in _files(url):
                path.unlink(missing_ok=True)

    def on_disk(self, url: str) -> int | None:
        return sum(path.stat().st_size for path in _files(url) if path.exists())


class Databases:
    """PostgreSQL stores.

    Each is a database of its own beside the one that the URL names, which is not touched.
    """

    kind = "postgresql"

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._url = url

    def ours(self, name: str) -> str:
        return urlunsplit(self._parts._replace(path=f"/{_PREFIX}{name}"))

    def idiomatic(self, name: str) -> str:
        return urlunsplit(
            self._parts._replace(scheme="postgresql+asyncpg", path=f"/{_PREFIX}{name}_idiomatic")
        )

    def empty(self, *urls: str) -> None:
        names = [urlsplit(url).path.lstrip("/") for url in urls]
        subprocess.run([sys.executable, scripts() / "databases.py", self._url, *names], check=True)

    def on_disk(self, url: str) -> int | None:
        return asyncio.run(_size(url))


def locations_of(store: str, build: Path) -> Places:
    """The places that ``--store`` means.

    Empty and ``sqlite`` are files, a PostgreSQL URL is its server.
    """
    scheme = store.partition(":")[0]
    if scheme in {"", "sqlite"}:
        return Files(build / "data")
    if scheme in {"postgresql", "postgres"}:
        return Databases(store)
    raise Invalid(
        f"store {store!r} is neither sqlite nor postgresql://USER@HOST/DATABASE", param="store"
    )


async def _size(url: str) -> int:
    store = open_store(Settings(store=url))
    await store.open()
    try:
        return await store.size()
    finally:
        await store.close()


def _files(url: str) -> list[Path]:
    path = url.partition(":///")[2]
    return [Path(path + suffix) for suffix in ("", "-wal", "-shm")]
