"""An import takes bounded memory and time, whatever the file.

It stops, or sets aside what is too much.
"""

from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hansard.access import Principal
from hansard.interchange.bounds import OWN_MACHINE, SERVER, Beyond, Bounds, Meter, RecordMeter
from hansard.interchange.documents import documents
from hansard.interchange.importer import Import
from hansard.interchange.report import Options
from hansard.model import MessageQuery, SessionDraft
from hansard.service import Service
from tests.interchange import hostile
from tests.interchange.test_importer import (
    counts,
    dialogue,
    imported,
    names,
    notes,
    sessions,
    written,
)

MIB = 1024 * 1024


def bounded(**changes: int) -> Bounds:
    return msgspec.structs.replace(OWN_MACHINE, **changes)


async def test_a_file_of_bad_records_is_given_up_and_the_report_says_so(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(dialogue(1)) + "\n" + "x\n" * 50_000 + json.dumps(dialogue(2)))
    report = await imported(service, here, path, format="openai")
    assert counts(report) == (1, 0, 0, 1000)
    assert report.stopped is not None
    assert report.stopped.startswith("stopped after 1,000 bad records, more than good ones")
    assert f"record 2 of {path}: not JSON" in report.stopped
    assert len(report.problems) == 100
    assert len(notes(report.errors[0])) == 1000
    assert list(await sessions(service, here)) == ["d-1"]
    assert "a.jsonl.resume.json" in names_of(tmp_path)


def names_of(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


async def test_what_lies_behind_the_bad_records_is_reached_by_going_on(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    path.write_text("x\n" * 1500 + json.dumps(dialogue(2)))
    assert (await imported(service, here, path, format="openai")).stopped is not None
    report = await imported(service, here, path, format="openai", resume=True)
    assert (counts(report), report.earlier, report.stopped) == ((1, 0, 0, 500), 1000, None)
    assert names(tmp_path) == ["a.json", "a.json.errors.jsonl"]


async def test_many_bad_records_among_more_good_ones_are_set_aside(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    lines = (f"{json.dumps(dialogue(number, 'Hi'))}\nx\n" for number in range(1100))
    path.write_text("".join(lines))
    report = await imported(service, here, path, format="openai")
    assert (counts(report), report.stopped) == ((1100, 0, 0, 1100), None)


async def test_sessions_that_the_store_refuses_end_an_import_too(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    records = [dialogue(number, user_id="u" * 300) for number in range(3000)]
    report = await imported(service, here, written(tmp_path / "a.json", *records))
    assert report.stopped is not None
    assert report.bad < 1500


async def test_a_folder_is_given_up_with_its_first_hopeless_file(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text("x\n" * 2000)
    work = Import(service, here, Options(format="openai"))
    for name in ("a", "b"):
        await work.paths([tmp_path / f"{name}.jsonl"])
    assert work.report.bad == 1000


def test_an_archive_unpacks_to_a_bounded_multiple_of_its_size(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    path.write_bytes(hostile.zipped(b"[" + b"{}," * (4 * MIB) + b"{}]", 12))
    assert path.stat().st_size < MIB
    taken = 0
    problems = []
    for document in documents(path):
        with document.stream() as stream:
            try:
                taken += sum(map(len, stream.chunks()))
            except Exception as problem:  # noqa: BLE001 - each of them is looked at
                problems.append(str(problem))
    assert taken <= max(200 * path.stat().st_size, 16 * MIB)
    assert problems
    assert all("unpacks to more than 200 times its size" in problem for problem in problems)


def test_an_archive_of_plain_exports_is_read_whole(tmp_path: Path) -> None:
    noise = random.Random(7)
    texts = [noise.randbytes(3000).hex() for _ in range(3000)]
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", json.dumps(texts))
    taken = 0
    for document in documents(path):
        with document.stream() as stream:
            taken += sum(map(len, stream.chunks()))
    assert taken == len(json.dumps(texts))


def test_what_lies_beside_a_file_is_bounded_too(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("telegram_42.json", "[]")
        archive.writestr("_index.json", b" " * (40 * MIB))
    opened = documents(path, bounded(record=MIB))
    document = next(opened)
    assert document.beside("_index.json") is None


def test_the_absolute_size_is_bounded() -> None:
    meter = Meter(bounded(unpacked=1000))
    meter.unpack(1000, 1000)
    with pytest.raises(Beyond, match="larger than"):
        meter.unpack(1, 1001)


def test_texts_full_of_commas_are_no_values() -> None:
    table = json.dumps([{"text": "1,2,3,[{" * 400_000}] * 2)
    meter = RecordMeter(SERVER)
    meter.take(table)
    meter.take(table.encode())
    dense = "[" + "[]," * 400_000 + "[]]"
    with pytest.raises(Beyond, match="values"):
        meter.take(dense)


async def test_a_record_that_is_too_large_is_set_aside_and_the_next_one_read(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    lines = [dialogue(1, "x" * 5000), dialogue(2)]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    report = await imported(service, here, path, bounds=bounded(record=4000), format="openai")
    assert counts(report) == (1, 0, 0, 1)
    assert report.problems[0].reason.startswith("a record is larger than")


async def test_a_message_that_is_too_large_sets_its_session_aside(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.json", dialogue(1, "Hello", "x" * 5000), dialogue(2))
    report = await imported(service, here, path, bounds=bounded(message=4000))
    assert counts(report) == (1, 0, 0, 1)
    assert report.problems[0].reason.startswith("messages[1] has 5,0")


async def test_a_long_session_comes_in_pieces_and_keeps_its_times(
    service: Service, here: Principal, there: Principal, tmp_path: Path
) -> None:
    start = "2024-05-01T10:00:00Z"
    texts = [f"message {number}" for number in range(45)]
    path = written(
        tmp_path / "a.json",
        dialogue(1, "Hello", created_at=start),
        dialogue(2, *texts, created_at=start, title="Long"),
        dialogue(3, "Bye", created_at=start),
    )
    assert counts(await imported(service, here, path)) == (3, 0, 0, 0)
    small = bounded(messages_at_once=10)
    assert counts(await imported(service, there, path, bounds=small, dry_run=True)) == (3, 0, 0, 0)
    assert counts(await imported(service, there, path, bounds=small)) == (3, 0, 0, 0)
    whole = await sessions(service, here)
    for name, session in (await sessions(service, there)).items():
        like = ("title", "preview", "last_preview", "message_count", "updated_at", "active_at")
        assert [getattr(session, field) for field in like] == [
            getattr(whole[name], field) for field in like
        ]
    _, messages, _ = await service.messages.list(there, "d-2", MessageQuery(limit=100))
    assert [message.client_id for message in messages] == [f"import:{n}" for n in range(45)]
    assert counts(await imported(service, there, path, bounds=small)) == (0, 3, 0, 0)
    noted, _ = await service.audit.list(there, limit=50)
    assert [item.act.action for item in noted] == ["sessions.imported", "workspace.created"]


async def test_what_is_bad_in_a_later_piece_sets_the_whole_session_aside(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    record = dialogue(1, *("a" for _ in range(25)))
    record["messages"][22]["model"] = "m" * 300
    path = written(tmp_path / "a.json", record, dialogue(2))
    report = await imported(service, here, path, bounds=bounded(messages_at_once=10))
    assert counts(report) == (1, 0, 0, 1)
    assert report.problems[0].reason.startswith("messages[22].model is longer")
    assert list(await sessions(service, here)) == ["d-2"]


async def test_a_session_that_is_deleted_between_its_pieces_does_not_begin_again(
    service: Service, here: Principal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring = service.transfers.bring

    async def deleting(*args: Any, **kwargs: Any) -> Any:
        verdicts = await bring(*args, **kwargs)
        for name in await sessions(service, here):
            await service.sessions.delete(here, name)
        return verdicts

    monkeypatch.setattr(service.transfers, "bring", deleting)
    path = written(tmp_path / "a.json", dialogue(1, *("a" for _ in range(25))))
    report = await imported(service, here, path, bounds=bounded(messages_at_once=10))
    assert counts(report) == (0, 0, 0, 1)
    assert report.problems[0].reason == "the session was deleted while it was imported"


async def test_metadata_that_no_list_can_bear_goes_to_the_first_message(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    start = "2024-05-01T10:00:00Z"
    urls, notes = ["u" * 1000] * 70, ["n" * 1000] * 10
    record = dialogue(1, region="north", urls=urls, notes=notes, created_at=start)
    assert counts(await imported(service, here, written(tmp_path / "a.json", record))) == (
        1,
        0,
        0,
        0,
    )
    session, messages, _ = await service.messages.list(here, "d-1", MessageQuery())
    assert msgspec.json.decode(session.metadata) == {"region": "north", "notes": record["notes"]}
    assert msgspec.json.decode(messages[0].metadata) == {
        "session_metadata": {"urls": record["urls"]}
    }


async def test_the_reason_for_a_bad_record_is_short_and_sound(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    line = json.loads(hostile.exported(0))
    line["session"]["kind"] = "k" * 10_000
    path = tmp_path / "b\udcff.jsonl"
    path.write_text(json.dumps(line), "utf-8")
    report = await imported(service, here, path, format="hansard")
    assert report.bad == 1
    assert len(report.problems[0].reason) == 500
    assert len(json.dumps(notes(report.errors[0]))) < 1000


async def test_the_pieces_that_go_to_a_known_session_are_named_in_the_audit_log(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    await service.sessions.start(here, SessionDraft(id="d-1"))
    path = written(tmp_path / "a.json", dialogue(1, *("a" for _ in range(25))))
    report = await imported(service, here, path, bounds=bounded(messages_at_once=10))
    assert counts(report) == (0, 0, 1, 0)
    noted, _ = await service.audit.list(here, limit=50)
    added = [item.act.details for item in noted if item.act.action == "session.imported"]
    assert added == [{"messages_added": count} for count in (5, 10, 10)]
