"""Three PostgreSQL nodes with Patroni, and etcd, on loopback; each node's network is a proxy.

The configuration is that of docs/guides/high-availability.md, but for addresses and accounts.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from tests.reliability.proxies import Proxy
from tests.support import processes
from tests.support.postgres_cluster import _account, binaries, free_port

DATABASE = "hansard"
PATIENCE = 120.0
TTL_SECONDS = 20
ROLES = {"leader", "sync_standby", "replica"}
CONFIGURATION: dict[str, Any] = {
    "ttl": TTL_SECONDS,
    "loop_wait": 10,
    "retry_timeout": 5,
    "maximum_lag_on_failover": 1_048_576,
    "synchronous_mode": True,
    "postgresql": {
        "use_pg_rewind": True,
        "parameters": {
            "max_connections": 100,
            "wal_keep_size": "256MB",
            "wal_log_hints": "on",
            "wal_receiver_timeout": "5s",
            "wal_sender_timeout": "5s",
            "tcp_user_timeout": "5s",
        },
    },
}
"""What all nodes share, as `patronictl edit-config` shows it."""


def program(name: str) -> str:
    """The path of a program that `scripts/installed.py` finds or installs."""
    named = os.environ.get(f"HANSARD_{name.upper()}") or shutil.which(name)
    if named is None:
        raise SystemExit(f"NOT RUN: there is no {name} here: python scripts/installed.py {name}")
    return named


class Node:
    """One PostgreSQL with its Patroni, both reached through proxies, as is its etcd.

    ``api`` is the way to its Patroni for whoever watches: no network is between.
    """

    def __init__(self, name: str, folder: Path, password: str, etcd: str) -> None:
        self.name = name
        self.folder = folder / name
        self.folder.mkdir()
        self.api = free_port()
        self._postgres = free_port()
        self._password = password
        self.network = Proxy(f"http://127.0.0.1:{self._postgres}")
        self.to_etcd = Proxy(etcd)
        self.to_api = Proxy(f"http://127.0.0.1:{self.api}")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """Where everybody else reaches its PostgreSQL."""
        return self.network.port

    @property
    def ways(self) -> tuple[Proxy, Proxy, Proxy]:
        """All that passes between it and everybody else."""
        return self.network, self.to_etcd, self.to_api

    def start(self) -> None:
        """Start its Patroni, which starts PostgreSQL."""
        account = _account()
        file = self.folder / "patroni.json"  # JSON is YAML
        file.write_text(json.dumps(self._configuration()))
        for path in (self.folder, file):
            if account is not None:
                os.chown(path, account.pw_uid, account.pw_gid)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [program("patroni"), str(file)],
                cwd=self.folder,
                env={**os.environ, "LC_ALL": "C", "HOME": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=account and account.pw_uid,
                group=account and account.pw_gid,
                extra_groups=account and [],
            )

    def crash(self) -> None:
        """End everything at once, as a power cut does."""
        self._signal(signal.SIGSTOP)  # first, so that nobody sees the other die
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait(PATIENCE)

    def hang(self) -> None:
        """Stop every process where it is; connections stay open."""
        self._signal(signal.SIGSTOP)

    def stop(self) -> None:
        """Take it away, whatever state it is in."""
        if self._process is not None:
            self.crash()

    def isolate(self) -> None:
        """Pass nothing on between it and everybody else, without telling either side."""
        for way in self.ways:
            way.stall_all()

    async def join(self) -> None:
        """Let the network pass everything on again."""
        for way in self.ways:
            await way.go_on()

    def _signal(self, number: int) -> None:
        for pid in self._pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _pids(self) -> list[int]:
        """Patroni, its PostgreSQL, and the backends of that."""
        roots = [self._process.pid] if self._process and self._process.poll() is None else []
        with contextlib.suppress(FileNotFoundError, ValueError):
            roots.append(int((self.folder / "data" / "postmaster.pid").read_text().split()[0]))
        alive = [pid for pid in roots if processes.running(pid)]
        return alive + [child for pid in alive for child in processes.children(pid)]

    def _configuration(self) -> dict[str, Any]:
        superuser = {"username": "postgres", "password": self._password}
        return {
            "scope": "hansard",
            "name": self.name,
            "restapi": {
                "listen": f"127.0.0.1:{self.api}",
                "connect_address": f"127.0.0.1:{self.to_api.port}",
            },
            # Else it learns from etcd where that is, and goes there without the proxy.
            "etcd3": {"hosts": [f"127.0.0.1:{self.to_etcd.port}"], "use_proxies": True},
            "bootstrap": {
                "dcs": CONFIGURATION,
                "initdb": [{"encoding": "UTF8"}, {"locale": "C"}],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{self._postgres}",
                "connect_address": f"127.0.0.1:{self.network.port}",
                "data_dir": str(self.folder / "data"),
                "bin_dir": str(binaries()),
                "pgpass": str(self.folder / "pgpass"),
                "authentication": {"superuser": superuser, "replication": superuser},
                "pg_hba": [
                    "host all all 127.0.0.1/32 scram-sha-256",
                    "host replication all 127.0.0.1/32 scram-sha-256",
                ],
                "parameters": {"unix_socket_directories": "", "shared_buffers": "32MB"},
            },
        }


class Patroni:
    """The nodes, and what they say of each other."""

    def __init__(self, nodes: Sequence[Node], password: str) -> None:
        self.nodes = nodes
        self._password = password

    @property
    def url(self) -> str:
        """All nodes: a client takes the one that takes writes."""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        account = f"postgres:{self._password}"
        return f"postgresql://{account}@{hosts}/{DATABASE}?target_session_attrs=read-write"

    async def roles(self) -> dict[str, str] | None:
        """The node of each role; None while not all are at work, or they do not agree."""
        async with httpx.AsyncClient(timeout=2) as client:
            answers = [client.get(f"http://127.0.0.1:{node.api}/cluster") for node in self.nodes]
            views = []
            for answer in await asyncio.gather(*answers, return_exceptions=True):
                if isinstance(answer, BaseException):
                    return None
                members = answer.json()["members"]
                if {member["state"] for member in members} - {"running", "streaming"}:
                    return None
                views.append({member["role"]: member["name"] for member in members})
        return (
            views[0]
            if len(views[0]) == len(ROLES) and views.count(views[0]) == len(views)
            else None
        )

    async def healthy(self) -> tuple[Node, Node]:
        """The leader and its synchronous standby, once all three are at work."""
        until = time.monotonic() + PATIENCE
        while (roles := await self.roles()) is None or not roles.keys() >= ROLES:
            if time.monotonic() > until:
                raise TimeoutError(f"the cluster is not whole after {PATIENCE:g} s: {roles}")
            await asyncio.sleep(0.2)
        by_name = {node.name: node for node in self.nodes}
        return by_name[roles["leader"]], by_name[roles["sync_standby"]]

    async def switch_over(self, leader: Node, candidate: Node) -> None:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            body = {"leader": leader.name, "candidate": candidate.name}
            url = f"http://127.0.0.1:{leader.api}/switchover"
            (await client.post(url, json=body)).raise_for_status()

    async def create_database(self, leader: Node) -> None:
        url = f"postgresql://postgres:{self._password}@127.0.0.1:{leader.port}/postgres"
        connection = await asyncpg.connect(url)
        await connection.execute(f"create database {DATABASE}")
        await connection.close()


@contextlib.asynccontextmanager
async def patroni() -> AsyncIterator[Patroni]:
    """A cluster of three that is whole and has an empty database."""
    folder = _new_folder()
    password = secrets.token_urlsafe(12)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        etcd = stack.enter_context(running_etcd(folder / "etcd"))
        nodes = [Node(f"node{number}", folder, password, etcd) for number in (1, 2, 3)]
        for node in nodes:
            for way in node.ways:
                await stack.enter_async_context(way)
            stack.callback(node.stop)
        cluster = Patroni(nodes, password)
        nodes[0].start()
        await _answering(nodes[0])
        for node in nodes[1:]:
            node.start()
        leader, _ = await cluster.healthy()
        await cluster.create_database(leader)
        yield cluster


def _new_folder() -> Path:
    """A folder that the account of PostgreSQL may enter."""
    folder = Path(tempfile.mkdtemp(prefix="hansard-patroni-"))
    folder.chmod(0o755)
    return folder


async def _answering(node: Node) -> None:
    """Return when the node's Patroni has made a database and leads."""
    until = time.monotonic() + PATIENCE
    async with httpx.AsyncClient(timeout=2) as client:
        while time.monotonic() < until:
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(f"http://127.0.0.1:{node.api}/primary")).is_success:
                    return
            await asyncio.sleep(0.2)
    log = (node.folder / "log").read_text(errors="replace")
    raise TimeoutError(f"{node.name} does not lead:\n{log[-4000:]}")


@contextlib.contextmanager
def running_etcd(folder: Path) -> Iterator[str]:
    """The URL of an etcd of one member."""
    client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    log = folder.with_suffix(".log")
    with log.open("wb") as writing:
        process = subprocess.Popen(
            [
                program("etcd"),
                f"--data-dir={folder}",
                f"--listen-client-urls={client}",
                f"--advertise-client-urls={client}",
                f"--listen-peer-urls={peer}",
                f"--initial-advertise-peer-urls={peer}",
                f"--initial-cluster=default={peer}",
            ],
            stdout=writing,
            stderr=writing,
        )
    try:
        until = time.monotonic() + PATIENCE
        while not _is_healthy(client):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(
                    f"etcd did not start:\n{log.read_text(errors='replace')[-4000:]}"
                )
            time.sleep(0.1)
        yield client
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _is_healthy(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{url}/health").is_success
    return False
