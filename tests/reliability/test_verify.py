"""`verify` finds what was changed behind the store's back, and nothing in a sound store."""

from __future__ import annotations

import asyncio
import random
import shutil
from pathlib import Path

import apsw
import pytest

from hansard.app import opened
from hansard.errors import StoreUnavailable
from hansard.service import Service
from hansard.settings import Settings
from tests.reliability.conftest import Figure
from tests.reliability.disks import SESSIONS, append, begin, url
from tests.reliability.load import Ledger

FLIPS = 60


async def filled(folder: Path, messages: int) -> Path:
    """A closed store of one file."""
    folder.mkdir()  # noqa: ASYNC240 - before anything runs
    async with opened(Settings(store=url(folder))) as service:
        principal = await begin(service)
        ledger = Ledger()
        await asyncio.gather(
            *(
                append(
                    service,
                    principal,
                    ledger,
                    SESSIONS[number % 4],
                    f"token-{number}-" + "words " * 30,
                )
                for number in range(messages)
            )
        )
    return folder / "hansard.db"


def change(file: Path, sql: str) -> None:
    connection = apsw.Connection(str(file))
    connection.execute(sql).fetchall()
    connection.close()


def visible(file: Path) -> list[object]:
    """All that a reader of messages and sessions could see."""
    connection = apsw.Connection(str(file))
    try:
        return [
            connection.execute("select * from messages order by session_id, seq").fetchall(),
            connection.execute("select * from sessions order by id").fetchall(),
        ]
    finally:
        connection.close()


async def faults(file: Path) -> int:
    """How many faults are found; a store that is not even opened is one."""
    try:
        async with opened(Settings(store=f"sqlite:///{file}")) as service:
            findings = await service.verification.verify()
            audit = await service.audit.verify()
    except (StoreUnavailable, apsw.Error, ValueError, AssertionError):
        return 1
    return len(findings.faults) + len(findings.database) + len(audit.broken)


async def test_a_sound_store_has_no_faults(tmp_path: Path, figure: Figure) -> None:
    fault_count = await faults(await filled(tmp_path / "store", 200))
    figure(f"{fault_count} faults in 200 messages")
    assert fault_count == 0


@pytest.mark.damages_its_store("that is what is to be found")
@pytest.mark.parametrize(
    "sql",
    [
        (
            "update messages set parts = replace(parts, 'token-7-', 'token-8-') where client_id "
            "like "
            "'token-7-%'"
        ),
        (
            "update messages set parts = x'28b52ffd200561' where seq = 3 and session_id in "
            "(select id "
            "from sessions limit 1)"
        ),
        (
            "update messages set role = 'assistant' where seq = 3 and session_id in (select id "
            "from "
            "sessions limit 1)"
        ),
        (
            "update messages set created_at = created_at + 1 where seq = 2 and session_id in "
            "(select "
            "id from sessions limit 1)"
        ),
        (
            "update messages set input_tokens = 7 where seq = 1 and session_id in (select id from "
            "sessions limit 1)"
        ),
        "delete from messages where seq = 4 and session_id in (select id from sessions limit 1)",
        (
            "update messages set seq = seq + 100 where seq = 5 and session_id in (select id from "
            "sessions limit 1)"
        ),
        "update sessions set message_count = message_count - 1 where own_id = 'one'",
        "update session_counts set count = count + 1 where facet = 'branch'",
        "delete from sessions where own_id = 'one'",
        (
            "delete from messages where seq = (select last_seq from sessions where own_id = 'one') "
            "and session_id = (select id from sessions where own_id = 'one')"
        ),
    ],
)
async def test_a_change_behind_its_back_is_found(tmp_path: Path, sql: str, figure: Figure) -> None:
    file = await filled(tmp_path / "store", 40)
    change(file, sql)
    fault_count = await faults(file)
    figure(f"{fault_count} faults after: {sql[:60]}")
    assert fault_count > 0


async def test_bit_flips_are_found(tmp_path: Path, figure: Figure) -> None:
    """A flip that changes what can be read of a message is always found.

    Elsewhere it is harmless or mostly found.
    """
    original = await filled(tmp_path / "store", 300)
    before = visible(original)
    chance, detected, harmless, unseen_messages, unseen_sessions = random.Random(5), 0, 0, 0, 0
    flipped = tmp_path / "flipped.db"
    for _ in range(FLIPS):
        shutil.copy(original, flipped)
        content = bytearray(original.read_bytes())
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        flipped.write_bytes(content)
        if await faults(flipped):
            detected += 1
            continue
        after = visible(flipped)
        harmless += after == before
        unseen_messages += after[0] != before[0]
        unseen_sessions += after[0] == before[0] and after[1] != before[1]
        for name in ("-wal", "-shm"):
            flipped.with_name(flipped.name + name).unlink(missing_ok=True)
    flipped.unlink()
    figure(
        f"{FLIPS} single bit flips: {detected} found, {harmless} harmless, {unseen_sessions} "
        f"unseen in summaries, {unseen_messages} unseen in messages"
    )
    assert unseen_messages == 0
    assert detected > 0


async def test_both_backends_check_alike(lone_service: Service, figure: Figure) -> None:
    principal = await begin(lone_service)
    ledger = Ledger()
    for number in range(12):
        await append(lone_service, principal, ledger, SESSIONS[number % 4], f"t{number}")
    await lone_service.messages.delete(principal, "one", "t4")
    await lone_service.sessions.archive(principal, "one")  # the archive has counters of its own
    findings = await lone_service.verification.verify()
    figure(
        f"{findings.messages} messages of {findings.sessions} sessions, {len(findings.faults)} "
        "faults"
    )
    assert findings.is_sound
    assert (findings.sessions, findings.messages) == (4, 12)
