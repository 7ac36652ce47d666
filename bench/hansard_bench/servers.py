"""Servers under measurement: each a process of its own, on the core that the load does not use."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_STEP = 0.05
_TICKS = os.sysconf("SC_CLK_TCK")
_CAN_PIN = hasattr(os, "sched_setaffinity")


class NotStarted(Exception):
    """A server did not come up; the message holds the end of its log."""


def cores() -> tuple[set[int], set[int]]:
    """(the server's cores, the load's).

    The same where there is but one core or no way to choose.
    """
    usable = sorted(os.sched_getaffinity(0)) if _CAN_PIN else [0]
    return ({usable[0]}, {usable[-1]}) if len(usable) > 1 else (set(usable), set(usable))


@contextlib.contextmanager
def pinned(cores: set[int]) -> Iterator[None]:
    """Run on ``cores`` cores only; children that are started meanwhile stay there."""
    if not _CAN_PIN:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A child process that listens on ``port`` of the loopback address."""

    def __init__(
        self, command: Sequence[str], port: int, log: Path, folder: Path | None = None
    ) -> None:
        self.port, self._log = port, log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output, pinned(cores()[0]):
            self._process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, cwd=folder
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_up(self, seconds: float = 90.0) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), timeout=1),
            ):
                return
            time.sleep(_STEP)
        self.stop()
        raise NotStarted(
            f"{self._process.args!r} did not listen on port "
            f"{self.port}:\n{self._log.read_text(errors='replace')[-2000:]}"
        )

    def resident_bytes(self) -> int | None:
        """Memory in use, None where the system does not tell."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1])
        except (OSError, ValueError):
            return None
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self) -> float:
        """Processor time used so far by all its threads; 0 where the system does not tell."""
        try:
            fields = (
                Path(f"/proc/{self.pid}/stat")
                .read_text(encoding="ascii")
                .rpartition(") ")[2]
                .split()
            )
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(20)


@contextlib.contextmanager
def running(
    command: Sequence[str], port: int, log: Path, folder: Path | None = None
) -> Iterator[Server]:
    """A server for the length of a block, in ``folder``.

    Then no settings file of this one is read.
    """
    server = Server(command, port, log, folder)
    try:
        server.wait_until_up()
        yield server
    finally:
        server.stop()
