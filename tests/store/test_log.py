"""The write-ahead log begins anew when it is long, and so does the disk's use of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import Raw

from hansard.app import opened
from hansard.model import MessageDraft, SessionDraft
from hansard.settings import Settings
from hansard.store.sqlite import writer

TEXT = "x" * 100_000
DRAFT = MessageDraft(role="user", parts=Raw(b'[{"type":"text","content":"%s"}]' % TEXT.encode()), text=TEXT)


async def test_a_long_log_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_CHECKPOINT_PAGES", 1_000_000)  # as if nobody else ever found a moment for it
    monkeypatch.setattr(writer, "_LONGEST_LOG_PAGES", 60)
    async with opened(Settings(store=f"sqlite:///{tmp_path / 'hansard.db'}")) as service:
        operator = service.workspaces.operator(await service.workspaces.create("log"))
        await service.sessions.start(operator, SessionDraft(id="s"))
        lengths = []
        for _ in range(40):
            await service.messages.append(operator, "s", [DRAFT])
            lengths.append(size(tmp_path / "hansard.db-wal"))
    assert 60 * 8192 < max(lengths) < 120 * 8192


def size(file: Path) -> int:
    return file.stat().st_size
