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
import msgspec
import pytest
from starlette.websockets import WebSocket
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from hansard import native
from hansard.app import DIALECTS
from hansard.http.application import Application
from hansard.http.log import without_keys
from hansard.http.route import SocketCaller
from hansard.http.routing import Router
from hansard.service import Service
from hansard.web import web
from tests.reliability.live import Live, new_key

SPEAKING = """
import asyncio, logging, threading, warnings
from hansard.http.log import capture_all

capture_all()
logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
logging.getLogger("uvicorn.error").warning(
    '127.0.0.1 - "WebSocket /ws?token=hsd_abcdefgh_secretsecret" 403')
warnings.warn("an old habit")
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()

async def main():
    asyncio.get_running_loop().call_exception_handler(
        {"message": "a task was lost", "exception": OSError("gone")})

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


LOADING = """
import asyncio, sys, time
from hansard import background
from hansard.app import running
from hansard.settings import Settings

async def main():
    async with running(Settings(store="sqlite:///hansard.db")):
        quiet = "structlog" in sys.modules
        until = time.monotonic() + 60
        while "structlog" not in sys.modules and time.monotonic() < until:
            await asyncio.sleep(0.05)
        print(quiet, "structlog" in sys.modules)

background._PRELOAD_SECONDS = 0.3
asyncio.run(main())
"""


def test_a_server_loads_its_log_once_it_runs_and_not_for_its_first_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADING], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("False True\n", "")


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
    router = Router((*DIALECTS, web(DIALECTS, native.written)))
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


async def test_a_websocket_that_fails_is_closed_and_its_reason_is_in_the_log(
    service: Service, key: str
) -> None:
    """With the request id that the client is told."""

    async def fail(socket: WebSocket, _caller: SocketCaller) -> None:
        await socket.accept()
        raise ZeroDivisionError("a bug")

    broken = msgspec.structs.replace(
        native.dialect, routes=native.dialect.routes[:1], sockets={"/broken": fail}
    )
    sent: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(event: Any) -> None:
        sent.append(event)

    scope = {
        "type": "websocket",
        "path": "/broken",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {key}".encode()), (b"x-request-id", b"mine")],
    }
    with capture_logs() as logged:
        await Application(service, (broken,))(scope, receive, send)
    assert [event["type"] for event in sent] == ["websocket.accept", "websocket.close"]
    assert (sent[-1]["code"], "mine" in sent[-1]["reason"]) == (1011, True)
    assert [(line["event"], line["error"], line["path"]) for line in logged] == [
        ("internal error", "ZeroDivisionError", "/broken")
    ]
    assert logged[0]["request_id"] == "mine"
