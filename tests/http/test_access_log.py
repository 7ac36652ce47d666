"""The access log tells of every request, the last ones of a server included."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from hansard.app import running
from hansard.settings import Settings


async def test_a_server_that_ends_has_told_of_its_last_request(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    async with (
        running(Settings(store=f"sqlite:///{tmp_path / 'hansard.db'}", access_log=True)) as app,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://hansard.test"
        ) as client,
    ):
        await client.get("/healthz")
    assert b'"path":"/healthz"' in capsysbinary.readouterr().err
