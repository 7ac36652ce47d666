"""A real Prometheus that scrapes servers of a test."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import pytest

from tests.support.postgres_cluster import free_port

CONFIGURATION = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: hansard
    authorization: {{credentials_file: {key}}}
    static_configs: [{{targets: [{targets}]}}]
"""


def program(name: str) -> str:
    named = os.environ.get("HANSARD_PROMETHEUS")
    program_path = str(Path(named).with_name(name)) if named else shutil.which(name)
    if program_path is None:
        pytest.skip(
            "NOT TESTED: there is no Prometheus here; "
            "python scripts/installed.py prometheus says what to install"
        )
    return program_path


@contextlib.asynccontextmanager
async def prometheus(
    folder: Path, ports: Sequence[int], key: str
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a Prometheus that scrapes the servers on ``ports`` with ``key``."""
    command, own = program("prometheus"), free_port()
    (folder / "key").write_text(key)
    configuration = folder / "prometheus.yml"
    targets = ", ".join(f'"127.0.0.1:{port}"' for port in ports)
    configuration.write_text(CONFIGURATION.format(key=folder / "key", targets=targets))
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: ASYNC220 - it returns at once
            [
                command,
                f"--config.file={configuration}",
                f"--storage.tsdb.path={folder / 'series'}",
                f"--web.listen-address=127.0.0.1:{own}",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{own}") as client:
            yield client
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 20)
