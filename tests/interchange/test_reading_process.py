"""A server reads a file in a process of its own.

The result is the same as here, and the process ends when it must.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hansard.access import Principal
from hansard.errors import Invalid, TooMany
from hansard.interchange import reading_worker
from hansard.interchange.bounds import OWN_MACHINE, SERVER, Bounds
from hansard.interchange.documents import from_stream
from hansard.interchange.importer import Import
from hansard.interchange.reading import BadRecord, Event, SessionPiece, read
from hansard.interchange.reading_process import ReadingProcess
from hansard.interchange.reading_worker import Task
from hansard.interchange.records import Rules, SessionRecord
from hansard.interchange.report import Options
from hansard.model import SessionDraft
from hansard.service import Service
from tests.interchange import hostile
from tests.interchange.test_exporter import all_of, counts, exported, fill
from tests.interchange.test_importer import dialogue

NOW = 1_800_000_000_000_000
RULES = Rules(now=NOW, channel="web")
CHATS = [
    dialogue(
        1, "Grüße 漢字 😀", "Hi", tags=["vip"], intents=["Find"], region={"b": 1.50, "a": None}
    ),
    {"no": "messages"},
    dialogue(2, *(f"message {number}" for number in range(450))),
]


async def events_of(
    data: bytes, format_: str | None = None, bounds: Bounds = SERVER, **how: Any
) -> list[Event]:
    process = ReadingProcess("a file", data, format_, RULES, bounds, **how)
    async with process.events() as events:
        return [event async for some in events for event in some]


async def test_the_process_gives_what_is_read_here() -> None:
    data = json.dumps(CHATS).encode()
    here = list(read([from_stream("a file", io.BytesIO(data), SERVER)], None, RULES, SERVER))
    assert await events_of(data) == here
    assert [type(event) for event in here].count(SessionPiece) == 4
    assert [type(event) for event in here].count(BadRecord) == 1


async def test_a_process_ends_that_has_said_more_than_anybody_reads() -> None:
    frames = "import sys; [sys.stdout.write('x' * 65536) for _ in range(64)]"
    process = ReadingProcess("a file", b"", None, RULES, SERVER, command=("-c", frames))
    async with asyncio.timeout(20), process.events():
        await asyncio.sleep(1)


async def test_an_export_that_is_uploaded_is_restored_as_one_from_a_file_is(
    service: Service, here: Principal, there: Principal
) -> None:
    await fill(service, here)
    await service.sessions.start(here, SessionDraft(id="zone"))
    data, _ = await exported(service, here)
    report = await Import(service, there, Options(), bounds=SERVER).upload("a file", data)
    assert counts(report) == (5, 0, 0, 0)
    assert await all_of(service, there) == await all_of(service, here)
    assert (await exported(service, there))[0] == data


@pytest.mark.parametrize(
    ("data", "code", "reason"),
    [
        (b"", "nothing_to_import", "is empty: there is nothing to import"),
        (b'{"email": "x"}', "invalid", "is of no known format: "),
    ],
)
async def test_what_is_no_import_is_refused(
    service: Service, here: Principal, data: bytes, code: str, reason: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await Import(service, here, Options(), bounds=SERVER).upload("a file", data)
    assert refused.value.code == code
    assert refused.value.message.startswith(f"a file {reason}")


def test_a_text_that_nobody_can_decode_is_a_bad_record() -> None:
    record = SessionRecord(number=3, draft=SessionDraft(title="half \ud83d"), messages=[])
    piece = SessionPiece(file="a", number=3, record=record, size=0, is_first=True, is_last=True)
    out = io.BytesIO()
    frames = reading_worker.Frames(out)
    frames.add(piece)
    frames.send(is_last=True)
    (event,) = reading_worker.decode(out.getvalue()[4:]).events
    assert isinstance(event, BadRecord)
    assert event.number == 3
    assert event.reason.startswith("it cannot be written as JSON: 'utf-8' codec can't encode")


async def test_a_file_that_takes_too_much_memory_is_refused() -> None:
    """Without the other bounds the process itself has one."""
    record = b'[{"messages": "' + "😀".encode() + b"a" * 60_000_000 + b'"}]'
    with pytest.raises(Invalid, match="more memory or time than a server gives") as refused:
        await events_of(record, "openai", OWN_MACHINE)
    assert refused.value.code == "import_too_expensive"


async def test_who_wants_no_more_leaves_no_process_behind() -> None:
    data = hostile.repeated(b"{},", 16 * hostile.MIB, b"[", b"{}]")
    process = ReadingProcess("a file", data, "chatgpt", RULES, SERVER)
    before = children()
    async with process.events() as events:
        await anext(events)
        assert len(children() - before) == 1
    assert children() <= before


async def test_an_import_that_is_cancelled_leaves_no_process_behind(
    service: Service, here: Principal
) -> None:
    data = json.dumps([dialogue(number) for number in range(5000)]).encode()
    before = children()
    work = asyncio.create_task(
        Import(service, here, Options(), bounds=SERVER).upload("a file", data)
    )
    await until(lambda: bool(children() - before))
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert children() <= before


async def test_a_process_that_dies_is_an_error_that_says_so() -> None:
    with pytest.raises(Invalid, match="more memory or time"):
        await events_of(b"x" * 2_000_000, command=("-c", "pass"))


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not what():  # noqa: ASYNC110 - nobody tells when a process begins
            await asyncio.sleep(0.005)


def children() -> set[str]:
    """The ids of this process's children."""
    started: set[str] = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # The thread has ended since the listing.
            started.update((task / "children").read_text().split())
    return started


def test_the_worker_gives_frames_that_are_decoded_in_a_moment() -> None:
    talks = [dialogue(number, *("word " * 200 for _ in range(10))) for number in range(200)]
    data = json.dumps(talks).encode()
    task = Task(
        name="a", size=len(data), format="openai", now=NOW, zone="Europe/Berlin", channel=None,
        bounds=SERVER,
    )  # fmt: skip
    out = io.BytesIO()
    reading_worker.work(io.BytesIO(msgspec.json.encode(task) + b"\n" + data), out)
    frames, sizes = [], []
    out.seek(0)
    while length := out.read(4):
        sizes.append(int.from_bytes(length))
        frames.append(reading_worker.decode(out.read(sizes[-1])))
    assert max(sizes) < 512 * 1024
    assert [frame.is_last for frame in frames] == [False] * (len(frames) - 1) + [True]
    pieces = [
        event for frame in frames for event in frame.events if isinstance(event, SessionPiece)
    ]
    assert len(pieces) == 200


def zipped(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, data)
    return out.getvalue()


def test_the_worker_tells_what_was_wrong_with_the_file() -> None:
    data = zipped("chats.json", b"[]").replace(b"PK\x01\x02", b"PK\x00\x00")
    task = Task(
        name="a", size=len(data), format=None, now=NOW, zone=None, channel=None, bounds=SERVER
    )
    out = io.BytesIO()
    reading_worker.work(io.BytesIO(msgspec.json.encode(task) + b"\n" + data), out)
    frame = reading_worker.decode(out.getvalue()[4:])
    assert frame.failure is not None
    assert frame.failure.message.startswith("a is a damaged archive: ")


async def test_the_files_of_an_archive_are_read(service: Service, here: Principal) -> None:
    data = zipped("chats.json", json.dumps(CHATS).encode())
    report = await Import(service, here, Options(), bounds=SERVER).upload("a file", data)
    assert counts(report) == (2, 0, 0, 1)
    assert report.problems[0].file == "a file!chats.json"


async def test_an_archive_without_a_file_of_a_known_format_is_refused(
    service: Service, here: Principal
) -> None:
    data = zipped("account.json", b'{"email": "x"}')
    with pytest.raises(Invalid, match=r"no file in it is of a known format: a file!account\.json"):
        await Import(service, here, Options(), bounds=SERVER).upload("a file", data)


async def test_imports_of_one_workspace_wait_for_each_other_and_no_more_than_one_does(
    service: Service, here: Principal, there: Principal
) -> None:
    turn = service.transfers.turn
    async with turn(here), turn(here):
        with pytest.raises(TooMany, match="imports are being worked on") as refused:
            async with turn(here):
                pass
        assert (refused.value.code, refused.value.retry_after) == ("too_many_imports", 5.0)
        waiting = asyncio.create_task(_took(service, there))
        await asyncio.sleep(0.05)
        assert not waiting.done()
    assert await waiting >= 0.04
    async with turn(here), turn(there):
        pass


async def _took(service: Service, principal: Principal) -> float:
    began = time.monotonic()
    async with service.transfers.turn(principal):
        return time.monotonic() - began
