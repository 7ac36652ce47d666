"""For what hostile imports must not do there is a seeded fault each, which the attack finds."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from hansard.app import opened
from hansard.interchange import importer
from hansard.service import transfers
from hansard.settings import Settings
from hansard.store.verbs import restore
from tests.attack.imports import hostile_imports
from tests.attack.target import AttackFound, Findings, under_attack

SMALL = 2 * 1024 * 1024


def known_by_their_last_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session is continued by whatever has a higher version."""

    def nothing_gone(*_: Any) -> Generator[Any, Any, list[Any]]:
        yield from ()
        return []

    kept = tuple(field for field in restore._IDENTITY if field != "user_id")
    monkeypatch.setattr(restore, "_gone", nothing_gone)
    monkeypatch.setattr(restore, "_IDENTITY", kept)


def anyone_may_delete(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that may write deletes by import."""
    real = restore.restore

    def restored(*args: Any, **_: Any) -> Any:
        return real(*args, may_delete=True)

    monkeypatch.setattr(restore, "restore", restored)


def numbers_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a file says is not held to the bounds of the API."""
    monkeypatch.setattr(transfers, "check_snapshot", lambda *_: None)


def bad_records_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import goes on however many records are bad."""
    monkeypatch.setattr(importer, "BAD", 10**9)


@pytest.mark.parametrize(
    "seed",
    [known_by_their_last_id, anyone_may_delete, numbers_pass, bad_records_do_not_matter],
)
async def test_a_seeded_fault_is_found(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    seed: Callable[[pytest.MonkeyPatch], None],
) -> None:
    monkeypatch.setattr(Findings, "eager", True)
    url = f"sqlite:///{tmp_path / 'seeded.db'}"
    async with opened(Settings(store=url)) as service, under_attack(service) as target:
        seed(monkeypatch)
        with pytest.raises(AttackFound) as problem:
            await hostile_imports(target, SMALL)
    assert str(problem.value)
