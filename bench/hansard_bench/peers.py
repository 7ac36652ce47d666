"""The peers: each has its own environment, the same records and the same requests."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from hansard_bench import wire
from hansard_bench.servers import free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from hansard_bench.records import SessionRecord
    from hansard_bench.servers import Server

NAMES = ("agentos", "adk", "openai_agents")
KINDS = ("list", "history", "append", "search")
CLIENTS = 16


class Request(Struct, frozen=True, omit_defaults=True):
    """One request that an adapter names."""

    method: str
    target: str
    type: str = "application/json"
    body: str | None = None
    headers: dict[str, str] = {}

    def data(self) -> bytes:
        body = None if self.body is None else self.body.encode()
        return wire.request(self.method, self.target, self.headers, body, self.type)


Requests = dict[str, list[Request]]


class Peer:
    """One peer below ``bench/peers``.

    What it needs and fills is kept in ``build/bench/peers/NAME``.
    """

    def __init__(self, name: str, scripts: Path, build: Path) -> None:
        self.name = name
        self._scripts = scripts
        self._home = build / "peers" / name
        self._data = self._home / "data"

    def install(self) -> None:
        subprocess.run([self._scripts / "setup", self.name], check=True, stdout=subprocess.DEVNULL)

    def fill(self, records: Iterable[SessionRecord]) -> None:
        """Fill once; what was filled before is taken as it is."""
        if (self._data / "requests.json").exists():
            return
        shutil.rmtree(self._data, ignore_errors=True)
        feed(self._command("fill"), records)

    def requests(self) -> Requests:
        return msgspec.json.decode((self._data / "requests.json").read_bytes(), type=Requests)

    def running(self) -> AbstractContextManager[Server]:
        port = free_port()
        return running(self._command("serve", str(port)), port, self._home / "server.log")

    def _command(self, *words: str) -> list[str]:
        verb, *rest = words
        return [
            str(self._home / "venv/bin/python"),
            str(self._scripts / f"{self.name}.py"),
            verb,
            str(self._data),
            *rest,
        ]


def feed(command: Sequence[str], records: Iterable[SessionRecord]) -> None:
    """Run a command that reads records from its standard input, one JSON object a line."""
    encode = msgspec.json.Encoder().encode
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        if process.stdin is None:
            raise RuntimeError("no pipe to the process that was started with one")
        for record in records:
            process.stdin.write(encode(record) + b"\n")
        process.stdin.close()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def sources(requests: list[Request], clients: int) -> list[Iterator[bytes]]:
    """For each client its own requests, none shared.

    Some peers refuse two writers on one session.
    """
    ready = [request.data() for request in requests]
    return [
        itertools.cycle(ready[client % len(ready) :: clients] or ready) for client in range(clients)
    ]
