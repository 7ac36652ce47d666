"""The server as users run it: a process on a free port, over a new store of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HANSARD = Path(sys.executable).with_name("hansard")
PATIENCE = 20.0
"""Seconds that a server has to say where it listens, and to end when it is told to."""
_URL = re.compile(rb"http://127\.0\.0\.1:\d+")


@dataclass
class Served:
    """Where the server answers, the first key of its store, and the folder that it runs in."""

    url: str
    key: str
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def environment(self) -> dict[str, str]:
        """The variables that the client reads."""
        return {"HANSARD_URL": self.url, "HANSARD_API_KEY": self.key}

    def stop(self) -> None:
        """End the server; its store stays."""
        self.process.terminate()
        self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End the server at once, as a crash would; its store stays."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def start(self) -> None:
        """Start the server again, on the port that it had."""
        self.process, self.url = _started(self.folder, self.url.rpartition(":")[2])


@contextmanager
def serving(folder: Path, port: str = "0", *options: str) -> Iterator[Served]:
    """A server in ``folder``, started with ``options``; it is stopped at the end."""
    process, url = _started(folder, port, *options)
    served = Served(url, (folder / ".hansard" / "admin.key").read_text().strip(), folder, process)
    try:
        yield served
    finally:
        served.stop()


def _started(folder: Path, port: str, *options: str) -> tuple[subprocess.Popen[bytes], str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("HANSARD_")
    }
    environment["PATH"] = f"{HANSARD.parent}{os.pathsep}{environment['PATH']}"
    log = folder / "serve.log"
    with log.open("wb") as writing:
        process = subprocess.Popen(
            [HANSARD, "serve", "--port", port, *options],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            env=environment,
        )
    until = time.monotonic() + PATIENCE
    while not (match := _URL.search(log.read_bytes())):
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            raise RuntimeError(f"the server did not start:\n{log.read_text('utf-8', 'replace')}")
        time.sleep(0.02)
    return process, match[0].decode()
