"""What an import reports: bad records, progress, dry runs, and where its notes lie."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from hansard.access import Principal
from hansard.errors import StoreUnavailable
from hansard.interchange.documents import from_stream
from hansard.interchange.importer import Import
from hansard.interchange.report import Options, Progress
from hansard.service import Service
from tests.interchange.test_importer import counts, dialogue, imported, names, notes, written


async def test_bad_records_are_noted_beside_the_file_and_the_others_come_in(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    path = written(
        tmp_path / "a.json",
        dialogue(1),
        {"no": "messages"},
        dialogue(2, user_id="x" * 300),
        dialogue(3),
    )
    report = await imported(service, here, path)
    assert counts(report) == (2, 0, 0, 2)
    assert report.errors == [f"{path}.errors.jsonl"]
    noted = notes(report.errors[0])
    assert [(line["file"], line["record"]) for line in noted] == [(str(path), 2), (str(path), 3)]
    assert "no list of messages" in noted[0]["reason"]
    assert "user_id is longer" in noted[1]["reason"]


async def test_where_nothing_can_be_written_beside_the_file_the_notes_are_made_here(
    service: Service, here: Principal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.json", {"no": "messages"}, dialogue(1))
    for ending in ("errors.jsonl", "resume.json"):
        (tmp_path / f"a.json.{ending}").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    report = await imported(service, here, path, resume=True)
    assert (counts(report), report.errors) == ((1, 0, 0, 1), ["a.json.errors.jsonl"])
    assert names(tmp_path / "elsewhere") == ["a.json.errors.jsonl"]


async def test_the_working_directory_itself_can_be_imported(
    service: Service, here: Principal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "a.json", dialogue(1), {"no": "messages"})
    monkeypatch.chdir(tmp_path)
    report = await imported(service, here, Path())
    assert (counts(report), report.errors) == ((1, 0, 0, 1), [f"{tmp_path}.errors.jsonl"])


async def test_notes_of_an_earlier_import_go_when_all_is_well(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    await imported(service, here, written(path, {"no": "messages"}, dialogue(1)))
    report = await imported(service, here, written(path, dialogue(1)))
    assert (report.errors, names(tmp_path)) == ([], ["a.json"])


async def test_a_dry_run_says_what_would_happen_and_writes_nothing(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    await imported(service, here, written(path, dialogue(1), dialogue(2)))
    written(path, dialogue(1), dialogue(2, "Hello", "Hi", "More"), dialogue(3), {"no": "messages"})
    generation = await service.sessions.generation(here)
    assert counts(await imported(service, here, path, dry_run=True)) == (1, 1, 1, 1)
    assert await service.sessions.generation(here) == generation
    assert names(tmp_path) == ["a.json"]


async def test_a_store_that_is_busy_is_asked_again(
    service: Service, here: Principal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring, refusals = service.transfers.bring, [StoreUnavailable("busy", retry_after=0.001)] * 2

    async def busy(*args: Any, **kwargs: Any) -> Any:
        if refusals:
            raise refusals.pop()
        return await bring(*args, **kwargs)

    monkeypatch.setattr(service.transfers, "bring", busy)
    assert counts(await imported(service, here, written(tmp_path / "a.json", dialogue(1)))) == (
        1,
        0,
        0,
        0,
    )


async def test_folders_are_read_file_by_file_and_strangers_in_them_are_named(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    folder = tmp_path / "all"
    folder.mkdir()
    written(folder / "a.json", dialogue(1))
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(json.dumps(dialogue(2)).encode()))
    (folder / "user.json").write_text('{"email": "x"}', "utf-8")
    report = await imported(service, here, folder)
    assert (counts(report), report.skipped) == ((2, 0, 0, 0), [str(folder / "user.json")])


async def test_standard_input_is_read_as_a_file_is(service: Service, here: Principal) -> None:
    document = from_stream("-", io.BytesIO(json.dumps([dialogue(1)]).encode()))
    assert counts(
        await Import(service, here, Options(format="openai", resume=True)).document(document)
    ) == (1, 0, 0, 0)


async def test_progress_is_told_with_bytes_and_counts(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    heard: list[Progress] = []
    path = written(tmp_path / "a.json", *map(dialogue, range(450)))
    await Import(service, here, Options(), heard.append).paths([path])
    size = path.stat().st_size
    assert {(progress.file, progress.position, progress.size) for progress in heard} == {
        (str(path), size, size)
    }
    assert [progress.new for progress in heard] == sorted(progress.new for progress in heard)
    assert {progress.new for progress in heard} == {0, 200, 400, 450}
