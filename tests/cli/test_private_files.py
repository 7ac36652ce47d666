"""What commands write is their user's alone, and goes into no folder that others can change."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal

WRITERS = {
    "all.jsonl": ("export", "-o"),
    "all.jsonl.gz": ("export", "-o"),
    "kept.db": ("backup",),
    "hansard.toml": ("config", "init", "--config"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_is_its_owners_alone(filled: Terminal, tmp_path: Path, name: str) -> None:
    filled.done(*WRITERS[name], name)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("name", WRITERS)
def test_a_link_that_somebody_laid_is_not_followed(
    filled: Terminal, tmp_path: Path, name: str
) -> None:
    for ending in (".part", ".partial"):
        (tmp_path / f"{name}{ending}").symlink_to(tmp_path / "elsewhere")
    filled.done(*WRITERS[name], name)
    assert (tmp_path / name).stat().st_size
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", WRITERS)
def test_a_folder_that_others_can_change_is_refused(
    filled: Terminal, tmp_path: Path, name: str
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    refused = filled(*WRITERS[name], f"shared/{name}")
    assert refused.code == 1
    assert "every account can change the folder shared: chmod o-w shared" in refused.err
    assert list(shared.iterdir()) == []


def test_the_first_key_goes_into_no_folder_that_others_can_change(
    terminal: Terminal, tmp_path: Path
) -> None:
    """Nothing has happened then: the next start makes the workspace, and its key is not lost."""
    keys = tmp_path / ".hansard"
    keys.mkdir()
    keys.chmod(0o777)
    refused = terminal("demo", "--sessions", "1")
    assert (refused.code, "chmod o-w .hansard" in refused.err) == (1, True), refused
    assert list(keys.iterdir()) == []
    doctor = terminal("doctor")
    assert "FAIL  the folder .hansard of the admin key is not safe" in doctor.out
    keys.chmod(0o700)
    terminal.done("demo", "--sessions", "1")
    assert stat.S_IMODE((keys / "admin.key").stat().st_mode) == 0o600


def test_a_key_file_that_was_made_before_is_replaced(terminal: Terminal, tmp_path: Path) -> None:
    keys = tmp_path / ".hansard"
    keys.mkdir(mode=0o700)
    (keys / "admin.key").symlink_to(tmp_path / "elsewhere")
    terminal.done("demo", "--sessions", "1")
    assert not (tmp_path / "elsewhere").exists()
    assert (keys / "admin.key").read_text().startswith("hsd_")


def test_no_key_of_another_store_is_replaced(terminal: Terminal, tmp_path: Path) -> None:
    """Whichever comes first, the store of the usual name or another."""
    for store in ("mine", "hansard", "third"):
        terminal.done("demo", "--sessions", "1", "--store", f"sqlite:///{store}.db")
    keys = sorted((tmp_path / ".hansard").glob("*.key"))
    assert [key.name for key in keys] == ["admin.key", "hansard.admin.key", "third.admin.key"]
    assert len({key.read_text() for key in keys}) == 3


def test_what_an_import_sets_aside_is_its_owners_alone(terminal: Terminal, tmp_path: Path) -> None:
    """Beside a file in a folder of others it goes to the working directory."""
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "a.jsonl").write_text('{"id": "b", "messages": "none"}\n')
    for mode, kept in ((0o755, shared), (0o777, tmp_path)):
        shared.chmod(mode)
        assert terminal("import", "shared/a.jsonl", "--format", "openai").code == 6
        notes = kept / "a.jsonl.errors.jsonl"
        assert stat.S_IMODE(notes.stat().st_mode) == 0o600
        notes.unlink()
    assert [file.name for file in shared.iterdir()] == ["a.jsonl"]
