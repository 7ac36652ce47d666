"""The write-ahead log begins anew when it is long, and so does the disk's use of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec import Raw

from hansard.access import Principal
from hansard.model import MessageDraft, SessionDraft
from hansard.service import Service
from hansard.store.sqlite import writer


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_a_long_log_begins_anew(lone_service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_CHECKPOINT_PAGES", 60)
    monkeypatch.setattr(writer, "_LONGEST_LOG_PAGES", 60)
    workspace = await lone_service.workspaces.create("log")
    operator: Principal = lone_service.workspaces.operator(workspace)
    await lone_service.sessions.start(operator, SessionDraft(id="s"))
    text = "x" * 100_000
    draft = MessageDraft(role="user", parts=Raw(b'[{"type":"text","content":"%s"}]' % text.encode()), text=text)
    log = Path(lone_service.store.url.removeprefix("sqlite:///") + "-wal")
    lengths = []
    for _ in range(8):
        await lone_service.messages.append(operator, "s", [draft])
        lengths.append(size(log))
    assert max(lengths) > 100_000
    for _ in range(500):
        if not size(log):
            break
        await asyncio.sleep(0.02)
    assert size(log) == 0


def size(file: Path) -> int:
    return file.stat().st_size
