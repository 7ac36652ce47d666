"""An import that breaks off goes on where it was, and nowhere else."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from hansard.access import Principal
from hansard.errors import StoreUnavailable
from hansard.service import Service
from tests.interchange.test_importer import (
    counts,
    dialogue,
    imported,
    in_groups_of,
    names,
    sessions,
    written,
)


def kept_beside(path: Path) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(Path(f"{path}.resume.json").read_text("utf-8"))
    return kept


async def test_an_import_that_breaks_off_goes_on_where_it_was(
    service: Service, here: Principal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(
        tmp_path / "a.json",
        *map(dialogue, range(43)),
        {"no": "messages"},
        *map(dialogue, range(43, 95)),
    )
    calls = 0
    bring = service.transfers.bring

    async def failing(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise asyncio.CancelledError
        return await bring(*args, **kwargs)

    monkeypatch.setattr(service.transfers, "bring", failing)
    with pytest.raises(asyncio.CancelledError):
        await imported(service, here, path, bounds=in_groups_of(10))
    assert len(await sessions(service, here)) == 40
    monkeypatch.setattr(service.transfers, "bring", bring)
    report = await imported(service, here, path, resume=True)
    assert (counts(report), report.earlier, report.notes) == ((55, 0, 0, 1), 40, [])
    assert len(await sessions(service, here)) == 95
    assert names(tmp_path) == ["a.json", "a.json.errors.jsonl"]


@pytest.fixture
async def broken_off(
    service: Service, here: Principal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A file of three sessions, the first of which is ``here``; the store went away then."""
    path = written(tmp_path / "a.json", dialogue(1), dialogue(2), dialogue(3))
    bring, calls = service.transfers.bring, 0

    async def away(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise StoreUnavailable("away", retry_after=0.001)
        return await bring(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(service.transfers, "bring", away)
        with pytest.raises(StoreUnavailable):
            await imported(service, here, path, bounds=in_groups_of(1))
    return path


async def test_to_resume_what_was_never_begun_is_to_begin(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.json", dialogue(1), dialogue(2))
    (tmp_path / "a.json.resume.json").write_text(
        '{"done": 2, "size": 1, "modified_ns": 1}', "utf-8"
    )
    report = await imported(service, here, path, resume=True)
    assert (counts(report), report.notes) == (
        (2, 0, 0, 0),
        [f"there is nothing to resume of {path}: it is read from the beginning"],
    )
    assert not (tmp_path / "a.json.resume.json").exists()


async def test_nothing_is_passed_over_in_another_workspace(
    service: Service, there: Principal, broken_off: Path
) -> None:
    report = await imported(service, there, broken_off, resume=True)
    assert (counts(report), report.earlier) == ((3, 0, 0, 0), 0)
    assert "is about another workspace" in report.notes[0]
    assert len(await sessions(service, there)) == 3


async def test_nothing_is_passed_over_in_another_store(
    service: Service,
    here: Principal,
    broken_off: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service.store, "url", f"sqlite:///{tmp_path / 'other.db'}")
    report = await imported(service, here, broken_off, resume=True)
    assert (counts(report), report.earlier) == ((2, 1, 0, 0), 0)
    assert "is about another store" in report.notes[0]


async def test_nothing_is_passed_over_that_would_be_read_otherwise(
    service: Service, here: Principal, broken_off: Path
) -> None:
    report = await imported(
        service, here, broken_off, resume=True, channel="web", zone=UTC, format="openai"
    )
    assert (counts(report), report.earlier) == ((2, 1, 0, 0), 0)
    assert "is about another format, channel, zone" in report.notes[0]


async def test_nothing_is_passed_over_of_a_file_that_has_changed(
    service: Service, here: Principal, broken_off: Path
) -> None:
    written(broken_off, dialogue(4), dialogue(5))
    report = await imported(service, here, broken_off, resume=True)
    assert (counts(report), report.notes) == (
        (2, 0, 0, 0),
        [f"{broken_off} has changed since: it is read from the beginning"],
    )


async def test_a_dry_run_leaves_the_place_where_it_is(
    service: Service, here: Principal, broken_off: Path
) -> None:
    report = await imported(service, here, broken_off, resume=True, dry_run=True)
    assert (counts(report), report.earlier) == ((2, 0, 0, 0), 1)
    assert (await imported(service, here, broken_off, resume=True)).earlier == 1


async def test_the_place_is_kept_all_along_for_a_process_that_is_killed(
    service: Service, here: Principal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, kept, bring = (
        written(tmp_path / "a.json", *map(dialogue, range(4))),
        [],
        service.transfers.bring,
    )

    async def watched(*args: Any, **kwargs: Any) -> Any:
        state_file = tmp_path / "a.json.resume.json"
        kept.append(json.loads(state_file.read_text("utf-8"))["done"] if state_file.exists() else 0)
        return await bring(*args, **kwargs)

    monkeypatch.setattr(service.transfers, "bring", watched)
    await imported(service, here, path, bounds=in_groups_of(1))
    assert kept == [0, 1, 2, 3]


async def test_a_store_that_stays_away_ends_the_import_and_leaves_its_place(
    broken_off: Path,
) -> None:
    assert kept_beside(broken_off)["done"] == 1


async def test_the_place_says_which_store_it_is_about(
    service: Service, broken_off: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept_beside(broken_off)["bound"]["store"] == service.store_name
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(service.store, "url", "sqlite:///one.db")
    assert service.store_name == str(tmp_path / "one.db")
    monkeypatch.setattr(service.store, "url", "postgresql://me:secret@host/db")
    assert service.store_name == "postgresql://me:****@host/db"
