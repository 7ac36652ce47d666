"""The floor and the idiomatic server: what every figure is compared with, in the same run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hansard_bench.peers import feed
from hansard_bench.servers import free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from hansard_bench.records import SessionRecord
    from hansard_bench.servers import Server

KEY = "workspace-0000"


def scripts() -> Path:
    """The ``bench`` folder of the checkout."""
    return Path(__file__).resolve().parents[1]


def floor(build: Path) -> AbstractContextManager[Server]:
    port = free_port()
    return running(
        [sys.executable, str(scripts() / "floor.py"), str(port)], port, build / "floor.log"
    )


class Idiomatic:
    """The idiomatic server on tables of its own, of the same kind as the store under test."""

    def __init__(self, build: Path, url: str) -> None:
        self._home = build / "idiomatic"
        self._url = url

    def install(self) -> None:
        subprocess.run([scripts() / "setup", "idiomatic"], check=True, stdout=subprocess.DEVNULL)

    def fill(self, records: Iterable[SessionRecord]) -> None:
        scheme, _, path = self._url.partition(":///")
        if scheme.startswith("sqlite"):
            for suffix in ("", "-wal", "-shm"):
                Path(path + suffix).unlink(missing_ok=True)
        feed([*self._command("fill.py"), self._url], records)

    def running(self) -> AbstractContextManager[Server]:
        port = free_port()
        return running(
            [*self._command("server.py"), self._url, str(port)], port, self._home / "server.log"
        )

    def _command(self, script: str) -> list[str]:
        return [str(self._home / "venv/bin/python"), str(scripts() / "idiomatic" / script)]
