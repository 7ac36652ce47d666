"""Hostile imports change nothing and take little memory.

Through the API, the page and the command line.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from hansard.access import ALL_SCOPES
from hansard.app import opened
from hansard.service import Service
from hansard.settings import Settings
from tests.attack.imports import hostile_imports
from tests.attack.target import under_attack
from tests.interchange import hostile
from tests.reliability.conftest import Figure
from tests.reliability.live import ROOT, Live
from tests.reliability.scenarios import memory_of

MIB = 1024 * 1024
MOST = 200 * MIB
SMALL = 2 * MIB
SENT = {
    "a last_seq of 30000000",
    f"a last_seq of {2**62}",
    "empty objects in an array",
    "lines that are no JSON, named",
    "one record of empty lists",
}
"""The files that are also sent by the page and read by the command line."""


READS_PROC = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="memory is read from /proc"
)


async def test_hostile_imports_change_nothing(lone_service: Service, figure: Figure) -> None:
    async with under_attack(lone_service) as target:
        result = await hostile_imports(target, SMALL)
    figure(result)
    assert result.findings == []


class Watch:
    """The most resident memory of a process and its children, sampled repeatedly."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.own = 0
        self.all = 0

    def look(self) -> None:
        children = Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split()
        own = memory_of(self._pid)
        self.own = max(self.own, own)
        self.all = max(self.all, own + sum(map(_resident, children)))

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        async def watch() -> None:
            while True:
                await asyncio.to_thread(self.look)
                await asyncio.sleep(0.02)

        task = asyncio.create_task(watch())
        try:
            yield
        finally:
            task.cancel()


def _resident(pid: str) -> int:
    """Resident bytes of a process, none of one that has just ended."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@READS_PROC
async def test_a_server_stays_small_through_hostile_imports(tmp_path: Path, figure: Figure) -> None:
    url = f"sqlite:///{tmp_path / 'hansard.db'}"
    async with opened(Settings(store=url)) as service:
        workspace = await service.workspaces.create("acme")
        operator = service.workspaces.operator(workspace)
        key, _ = await service.keys.create(operator, "tests", ALL_SCOPES)
        token, _ = await service.sign_ins.open(key)
        proof = service.sign_ins.proof(token)
    async with (
        Live(url, tmp_path) as live,
        httpx.AsyncClient(base_url=live.url, timeout=120) as client,
    ):
        watch = Watch(live.pid)
        api = {"Authorization": f"Bearer {key}", "Content-Type": "application/octet-stream"}
        page = {"Cookie": f"hansard={token}", "Origin": live.url, "X-CSRF-Token": proof}
        async with watch.watching():
            for what, format_, data in hostile.files():
                answer = await client.post(
                    "/v1/import", params={"format": format_}, content=data, headers=api
                )
                assert answer.status_code in {200, 400}, f"{what}: {answer.text}"
                if what in SENT:
                    answer = await client.post("/ui/import", content=data, headers=page)
                    assert answer.status_code < 500, f"{what}: {answer.text}"
    figure(f"server {watch.own // MIB} MiB, with the reading process {watch.all // MIB} MiB")
    assert watch.own < MOST
    assert watch.all < MOST


@READS_PROC
@pytest.mark.parametrize("what", sorted(SENT))
def test_the_command_line_stays_small_through_hostile_imports(
    tmp_path: Path, what: str, figure: Figure
) -> None:
    format_, data = {name: (format_, data) for name, format_, data in hostile.files()}[what]
    assert run(tmp_path, data, format_, figure) < MOST


@READS_PROC
def test_the_command_line_stays_small_through_an_archive_that_unpacks_without_end(
    tmp_path: Path, figure: Figure
) -> None:
    bomb = hostile.zipped(b"[" + b"{}," * (30 * MIB) + b"{}]", 24)
    assert len(bomb) < 3 * MIB
    assert run(tmp_path, bomb, "chatgpt", figure) < MOST


MEASURED = """
import atexit, pathlib, sys
def tell():
    status = pathlib.Path("/proc/self/status").read_text()
    pathlib.Path(out).write_text(status.partition("VmHWM:")[2].split()[0])
out = sys.argv.pop(1)
atexit.register(tell)
from hansard.cli import main
main()
"""
"""Runs the command line and tells its most resident kibibytes: those that the system tells count
its parent's too.
"""


def run(folder: Path, data: bytes, format_: str, figure: Figure) -> int:
    """The most resident bytes of an import by the command line."""
    path, peak = folder / "file.json", folder / "peak"
    path.write_bytes(data)
    command = [
        sys.executable, "-c", MEASURED, str(peak), "import", str(path), "--format", format_,
        "--store", f"sqlite:///{folder / 'hansard.db'}", "--quiet",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode in {5, 6}, done.stderr
    most = int(peak.read_text()) * 1024
    figure(f"{most // MIB} MiB")
    return most
