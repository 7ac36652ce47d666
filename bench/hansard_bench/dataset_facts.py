"""What the contests must know of the data, gathered while it streams by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from hansard.model.times import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from hansard_bench.records import Maker, SessionRecord

_SAMPLE = 256
_MEASURED = 10


class Facts(Struct, kw_only=True):
    """One filled store: how much is in it, and where.

    ``raw_bytes`` is the JSON of its messages as a client sends it, ``disk_bytes`` what the store
    took when it was filled: the contests write to it as well.

    ``key`` is of the largest workspace, ``neighbour_key`` of another.
    """

    plan: str
    giant: str = ""
    common_word: str = ""
    rare_word: str = ""
    key: str = ""
    neighbour_key: str = ""
    session_count: int = 0
    message_count: int = 0
    raw_bytes: int = 0
    disk_bytes: int | None = None
    seconds: float = 0.0
    sessions: list[str] = []
    measured: list[str] = []

    @classmethod
    def read(cls, path: Path) -> Facts:
        return msgspec.json.decode(path.read_bytes(), type=cls)

    def write(self, path: Path) -> None:
        path.write_bytes(msgspec.json.encode(self))


def gathered(maker: Maker, facts: Facts) -> Iterator[SessionRecord]:
    """The maker's records; ``facts`` is complete when they are all out."""
    giants = maker.giant_ids()
    facts.common_word, facts.rare_word = maker.common_word, maker.rare_word
    step = max(1, maker.sizes()[0] // _SAMPLE)
    yield from _counted(maker, facts, step, {ident for _, ident in giants})
    # The most usual long session: of the giants the last, which are the smaller ones.
    facts.giant = giants[-1][1] if giants else facts.sessions[0]


def _counted(
    records: Iterable[SessionRecord], facts: Facts, step: int, giants: set[str]
) -> Iterator[SessionRecord]:
    encode = msgspec.json.Encoder().encode
    for number, record in enumerate(records):
        facts.session_count += 1
        facts.message_count += len(record.messages)
        facts.raw_bytes += sum(
            len(encode((message.role, message.parts))) + _NAMES for message in record.messages
        )
        if record.workspace == 0 and record.id not in giants:
            if number % step == 0:
                facts.sessions.append(record.id)
            if len(record.messages) == _MEASURED:
                facts.measured.append(record.id)
        yield record


_NAMES = len(
    msgspec.json.encode({"role": "", "parts": [], "created_at": rfc3339(1_767_225_600_123_456)})
) - len('["",[]]')
