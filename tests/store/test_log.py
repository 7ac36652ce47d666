"""The write-ahead log begins anew when it is long, and so does the disk's use of it."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest
from msgspec import Raw

from hansard.app import opened
from hansard.model import MessageDraft, SessionDraft
from hansard.settings import Settings
from hansard.store.sqlite import writer

TEXT = "x" * 100_000
DRAFT = MessageDraft(
    role="user", parts=Raw(b'[{"type":"text","content":"%s"}]' % TEXT.encode()), text=TEXT
)


@pytest.mark.parametrize(
    "helped", [True, False], ids=["moved-beside-the-writer", "moved-by-the-writer-alone"]
)
async def test_a_long_log_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, helped: bool
) -> None:
    for name, pages in {
        "_CHECKPOINT_PAGES": 30,
        "_REST_PAGES": 10,
        "_LONGEST_LOG_PAGES": 60,
    }.items():
        monkeypatch.setattr(writer, name, pages)
    if not helped:
        monkeypatch.setattr(writer.Checkpointer, "_catch_up", lambda _: None)
    log = tmp_path / "hansard.db-wal"
    async with opened(Settings(store=f"sqlite:///{tmp_path / 'hansard.db'}")) as service:
        operator = service.workspaces.operator(await service.workspaces.create("log"))
        await service.sessions.start(operator, SessionDraft(id="s"))
        lengths = []
        for _ in range(120):
            await service.messages.append(operator, "s", [DRAFT])
            lengths.append(size(log))
    assert lengths == sorted(lengths), (
        "the file is written over, not cut off and made to grow again"
    )
    assert 30 * 8192 < max(lengths) < 400 * 8192


async def test_a_reader_keeps_what_it_reads_and_the_log_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, pages in {
        "_CHECKPOINT_PAGES": 30,
        "_REST_PAGES": 10,
        "_LONGEST_LOG_PAGES": 60,
    }.items():
        monkeypatch.setattr(writer, name, pages)
    file = tmp_path / "hansard.db"
    async with opened(Settings(store=f"sqlite:///{file}")) as service:
        operator = service.workspaces.operator(await service.workspaces.create("log"))
        await service.sessions.start(operator, SessionDraft(id="s"))
        reader = apsw.Connection(str(file))
        reader.execute("begin")
        before = list(reader.execute("select count(*) from messages"))
        for _ in range(30):
            await service.messages.append(operator, "s", [DRAFT])
        assert list(reader.execute("select count(*) from messages")) == before
        held = size(tmp_path / "hansard.db-wal")
        reader.execute("commit")
        reader.close()
        for _ in range(30):
            await service.messages.append(operator, "s", [DRAFT])
        assert size(tmp_path / "hansard.db-wal") < held * 1.5, (
            "once the reader is gone the log begins anew"
        )
    assert held > 300 * 8192


def size(file: Path) -> int:
    return file.stat().st_size
