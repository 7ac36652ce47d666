"""The log: a line of JSON for everything, and no secret in any."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from hansard.app import DIALECTS
from hansard.http.log import without_keys
from hansard.http.routing import Router
from hansard.web import web
from tests.reliability.live import Live, new_key

SPEAKING = """
import asyncio, logging, threading, warnings
from hansard.http.log import capture_all

capture_all()
logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
logging.getLogger("uvicorn.error").warning('127.0.0.1 - "WebSocket /ws?token=hsd_abcdefgh_secretsecret" 403')
warnings.warn("an old habit")
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()

async def main():
    asyncio.get_running_loop().call_exception_handler({"message": "a task was lost", "exception": OSError("gone")})

asyncio.run(main())
class Late:
    def __del__(self):
        raise KeyError("late")
Late()
raise ValueError("the end")
"""


def lines_of(text: str) -> list[dict[str, Any]]:
    """Every line, each of which must be JSON."""
    return [json.loads(line) for line in text.splitlines()]


def test_whatever_a_process_says_is_a_line_of_json() -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SPEAKING)],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = lines_of(done.stderr)
    assert [line["event"].partition("\n")[0] for line in lines if "logger" in line][:2] == [
        "Invalid HTTP request received.",
        '127.0.0.1 - "WebSocket /ws?…" 403',
    ]
    assert {"ZeroDivisionError", "KeyError", "ValueError"} <= {line.get("error") for line in lines}
    assert any("an old habit" in line["event"] for line in lines)
    assert any("a task was lost" in line["event"] for line in lines)
    assert "secretsecret" not in done.stderr
    assert all({"level", "timestamp"} <= line.keys() for line in lines)


async def test_a_server_logs_no_secret_of_a_path_and_only_json(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hansard.db'}"
    key = await new_key(url)
    share = "s3cretsharelink"
    async with Live(url, tmp_path) as live:
        async with httpx.AsyncClient(base_url=live.url) as client:
            for path in (
                f"/s/{share}",
                f"/s/{share}/more",
                f"/x/{share}",
                f"/ui/setup?token={share}",
            ):
                await client.get(path)
            await client.post(f"/s/{share}")
            await client.get(f"/v1/sessions/{key}", headers={"Authorization": f"Bearer {key}"})
            await client.get("/v1/sessions/order-17", headers={"Authorization": f"Bearer {key}"})
        with pytest.raises(InvalidStatus):
            await connect(f"{live.url.replace('http', 'ws')}/ws?token={share}")
        reader, writer = await asyncio.open_connection("127.0.0.1", live.port)
        writer.write(b"\x16\x03\x01nonsense\r\n\r\n")
        await reader.read()
        writer.close()
        live.signal(signal.SIGTERM)
        live.wait()
    log = live.log.read_text()
    assert share not in log
    assert key not in log
    served = [line for line in log.splitlines() if line.startswith("{")]
    paths = [line["path"] for line in map(json.loads, served) if "path" in line]
    assert {"/s/{name}", "/s/…", "/…", "/ui/setup", "/v1/sessions/order-17"} <= set(paths)
    banner = [line for line in log.splitlines() if line.strip() and not line.startswith("{")]
    assert all(line.startswith("  ") for line in banner), banner


def test_a_path_without_a_route_is_known_as_far_as_routes_name_it() -> None:
    router = Router((*DIALECTS, web(DIALECTS, None)))
    for path, known in (
        ("/s/token", "/s/…"),
        ("/v1/sessions/x/y/z", "/v1/sessions/…"),
        ("/nothing", "/…"),
        ("/v1/sessions", "/v1/sessions"),
        ("/v1/", "/v1"),
        ("/", "/"),
    ):
        assert router.known_part(path) == known


def test_no_more_of_a_key_than_its_id_is_logged() -> None:
    assert without_keys("a hsd_abcdefgh_0123456789 b") == "a hsd_abcdefgh… b"
    assert without_keys("nothing") == "nothing"
