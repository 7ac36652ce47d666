"""Long messages are kept compressed in the embedded store; nobody who reads them notices."""

from __future__ import annotations

import random
import string
from pathlib import Path

import apsw
import pytest
from msgspec import Raw

from hansard.app import opened
from hansard.errors import StoreUnavailable
from hansard.model import MessageDraft, MessageQuery, SessionDraft
from hansard.settings import Settings
from hansard.store.packing import large_size, packer, unpacked

LONG = "The refund of order 17 was refused, since the fare does not allow it. \\u00e9 🛩 " * 40


@pytest.mark.parametrize(
    "text", ["", "short", LONG, "\x00" * 300, "".join(map(chr, range(0x4E00, 0x4E00 + 400)))]
)
def test_what_is_packed_comes_out_the_same(text: str) -> None:
    stored = unpacked(packer()(text))
    assert (stored if isinstance(stored, str) else stored.decode()) == text


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ('[{"type":"text","content":"hello"}]', '"hello"'),
        ('[{"type":"text","content":""}]', '""'),
        (
            '[{"type":"text","content":"a"},{"type":"text","content":"b"}]',
            '"a"},{"type":"text","content":"b"',
        ),
        ('[{"type":"text","content":"a","lang":1}]', '[{"type":"text","content":"a","lang":1}]'),
        ('[{"type": "text", "content": "a"}]', '[{"type": "text", "content": "a"}]'),
        ('[{"type":"text","content":[]}]', '[{"type":"text","content":[]}]'),
        ("[]", "[]"),
    ],
)
def test_what_is_around_a_single_text_is_not_stored(text: str, stored: str) -> None:
    assert packer()(text) == stored
    assert unpacked(stored) == text
    assert packer()(text, bare=False) == text


def test_what_a_store_from_before_compressed_is_read_as_well() -> None:
    text = f'[{{"type":"text","content":"{LONG}"}}]'
    short, whole = packer()(text), packer()(text, bare=False)
    assert isinstance(short, bytes)
    assert short != whole
    assert unpacked(short) == unpacked(whole) == text.encode()


def test_only_what_becomes_shorter_is_packed() -> None:
    pack = packer()
    assert len(pack(LONG)) < len(LONG) / 10
    assert pack("hello") == "hello"
    noise = "".join(random.Random(7).choices(string.printable, k=400))
    assert pack(noise) == noise


async def test_a_long_message_is_short_in_the_file_and_whole_outside(tmp_path: Path) -> None:
    file = tmp_path / "hansard.db"
    parts = Raw(b'[{"type":"text","content":"%s"}]' % LONG.encode())
    async with opened(Settings(store=f"sqlite:///{file}")) as service:
        operator = service.workspaces.operator(await service.workspaces.create("long"))
        await service.sessions.start(operator, SessionDraft(id="s"))
        await service.messages.append(
            operator, "s", [MessageDraft(role="user", parts=parts, text=LONG)]
        )
        _, messages, _ = await service.messages.list(operator, "s", MessageQuery())
        assert bytes(messages[0].parts) == bytes(parts)
        connection = apsw.Connection(str(file))
        assert 0 < connection.execute("select length(parts) from messages").get < len(parts) / 10
        connection.execute("update messages set parts = substr(parts, 1, 20)")
        connection.close()
        with pytest.raises(StoreUnavailable, match="hansard verify"):
            await service.messages.list(operator, "s", MessageQuery())
        assert len((await service.verification.verify()).faults) == 1


async def test_a_text_that_was_packed_otherwise_is_the_same_text(tmp_path: Path) -> None:
    """As after another version of the compressor, or another idea of what is long."""
    file = tmp_path / "hansard.db"
    async with opened(Settings(store=f"sqlite:///{file}")) as service:
        operator = service.workspaces.operator(await service.workspaces.create("long"))
        await service.sessions.start(operator, SessionDraft(id="s"))
        parts = Raw(b'[{"type":"text","content":"%s"}]' % LONG.encode())
        await service.messages.append(
            operator, "s", [MessageDraft(role="user", parts=parts, text=LONG)]
        )
        await service.forks.fork(operator, "s", until=None, draft=SessionDraft(id="fork"))
        connection = apsw.Connection(str(file))
        connection.execute(
            "update messages set parts = ? where session_id = (select id from sessions where "
            "own_id = 's')",
            (bytes(parts).decode(),),
        )
        connection.close()
        diff = await service.diffs.read(operator, "fork", None, limit=10)
        assert (diff.shared, diff.only_here, diff.only_there) == (1, 0, 0)
        assert not (await service.verification.verify()).faults


@pytest.mark.parametrize("length", [0, 300, 65_000, 65_535, 65_792, 70_000, 3_000_000])
@pytest.mark.parametrize("character", ["a", "ä"])
def test_a_long_text_is_told_from_a_short_one_by_its_head(length: int, character: str) -> None:
    text = character * (length // len(character.encode()))
    size = len(text.encode())
    assert large_size(text) == (len(text) if len(text) >= 65_536 else 0)
    packed = packer()(text)
    assert isinstance(packed, bytes) == (len(text) >= 256)
    if isinstance(packed, bytes):
        assert large_size(packed) == (size if size >= 65_792 else 0)
