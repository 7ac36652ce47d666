"""A real server on a free port over a store of its own.

Workspaces and keys are made by the command line.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

HANSARD = Path(sys.executable).with_name("hansard")
SCOPES = "sessions:read,sessions:write,sessions:delete"


@dataclass(frozen=True)
class Server:
    """Where it answers, and the store behind it."""

    url: str
    store: str

    def new_key(self, workspace: str) -> str:
        """The key of a new workspace."""
        _command("workspaces", "create", workspace, "--store", self.store)
        return _command(
            "keys", "create", "--workspace", workspace, "--scopes", SCOPES, "--store", self.store
        )["key"]


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """A server over an empty store in ``folder``, stopped at the end."""
    store = f"sqlite:///{folder / 'hansard.db'}"
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    with (folder / "serve.log").open("wb") as log:
        command = [
            str(HANSARD),
            "serve",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--store",
            store,
        ]
        server = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            _wait(url, server, folder / "serve.log")
            yield Server(url, store)
        finally:
            server.terminate()
            server.wait(timeout=20)


def _command(*words: str) -> dict[str, str]:
    done = subprocess.run(
        [str(HANSARD), *words, "--json"], check=False, capture_output=True, text=True
    )
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
        done.check_returncode()
    document: dict[str, str] = json.loads(done.stdout)
    return document


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        if server.poll() is not None:
            break
        try:
            if httpx.get(f"{url}/healthz").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    message = f"the server did not become ready:\n{log.read_text('utf-8', 'replace')}"
    raise RuntimeError(message)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
