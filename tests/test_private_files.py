"""What holds conversations is readable to its owner alone, whatever the umask.

A mode that somebody set stays.
"""

from __future__ import annotations

import ast
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from hansard import private_files
from hansard.app import open_store, opened
from hansard.errors import Conflict
from hansard.settings import Settings


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


async def test_a_new_store_its_log_and_its_backup_are_private(tmp_path: Path) -> None:
    async with opened(Settings(store=f"sqlite:///{tmp_path / 'new.db'}")) as service:
        await service.workspaces.create("acme")
        await service.store.backup(tmp_path / "kept.db", lambda _share: None)
        assert modes(tmp_path) == dict.fromkeys(
            ("new.db", "new.db-wal", "new.db-shm", "kept.db"), 0o600
        )


async def test_a_restored_store_is_private(tmp_path: Path) -> None:
    async with opened(Settings(store=f"sqlite:///{tmp_path / 'old.db'}")) as service:
        await service.store.backup(tmp_path / "kept.db", lambda _share: None)
    (tmp_path / "kept.db").chmod(0o644)
    await open_store(Settings(store=f"sqlite:///{tmp_path / 'new.db'}")).restore(
        tmp_path / "kept.db", lambda _share: None
    )
    assert modes(tmp_path)["new.db"] == 0o600


async def test_a_backup_of_postgresql_is_private(postgres_url: str, tmp_path: Path) -> None:
    (tmp_path / "kept.zip.partial").touch(0o644)
    async with opened(Settings(store=postgres_url)) as service:
        await service.store.backup(tmp_path / "kept.zip", lambda _share: None)
    assert modes(tmp_path) == {"kept.zip": 0o600}


async def test_a_store_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "shared.db"
    file.touch()
    file.chmod(0o640)
    async with opened(Settings(store=f"sqlite:///{file}")) as service:
        await service.workspaces.create("acme")
        assert modes(tmp_path) == dict.fromkeys(
            ("shared.db", "shared.db-wal", "shared.db-shm"), 0o640
        )


async def test_a_name_that_points_to_a_new_file_makes_that_private(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "disk" / "new.db")
    async with opened(Settings(store=f"sqlite:///{tmp_path / 'link.db'}")) as service:
        await service.workspaces.create("acme")
        assert modes(tmp_path / "disk")["new.db"] == 0o600


STRANGER = 54_321
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another account's file")


def by_stranger(path: Path) -> Path:
    os.chown(path, STRANGER, STRANGER)
    return path


def folder(path: Path, mode: int) -> Path:
    path.mkdir()
    path.chmod(mode)
    return path


@AS_ROOT
def test_a_folder_of_another_account_is_refused(tmp_path: Path) -> None:
    theirs = by_stranger(folder(tmp_path / "theirs", 0o755))
    with pytest.raises(Conflict, match=f"{theirs} belongs to uid {STRANGER}") as refused:
        private_files.create(theirs / "secret")
    assert refused.value.code == "unsafe_folder"
    assert list(theirs.iterdir()) == []
    with pytest.raises(Conflict, match="belongs to"):
        private_files.make_folder(theirs)


def test_a_folder_that_everybody_can_change_is_refused(tmp_path: Path) -> None:
    everybodys = folder(tmp_path / "everybodys", 0o777)
    with pytest.raises(Conflict, match=f"chmod o-w {everybodys}"):
        private_files.create(everybodys / "secret")
    everybodys.chmod(0o1777)  # as /tmp: nobody can replace what another has put there
    private_files.create(everybodys / "secret").close()


@AS_ROOT
def test_a_folder_is_refused_whose_group_has_other_members(tmp_path: Path) -> None:
    shared = folder(tmp_path / "shared", 0o775)
    private_files.create(shared / "first").close()  # in root's own group there is nobody else
    os.chown(shared, -1, pwd.getpwnam("daemon").pw_gid)
    with pytest.raises(Conflict, match=f"daemon can change the folder {shared}: chmod g-w"):
        private_files.create(shared / "second")


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder(tmp_path / "real", 0o700))
    with pytest.raises(Conflict, match="link is a link"):
        private_files.make_folder(tmp_path / "link")


def test_a_file_takes_the_place_of_one_that_was_made_before(tmp_path: Path) -> None:
    """Whoever opened that one keeps nothing of what is written, nor does a second name of it."""
    path, second = tmp_path / "secret", tmp_path / "second"
    path.touch(0o666)
    second.hardlink_to(path)
    with path.open("rb") as opened_before:
        with private_files.replacing(path) as file:
            file.write(b"text")
        assert opened_before.read() == b""
    assert (path.read_bytes(), second.read_bytes()) == (b"text", b"")
    assert modes(tmp_path)["secret"] == 0o600


def test_a_link_is_replaced_and_never_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"mine")
    for ending in ("", private_files.PARTIAL):
        (tmp_path / f"secret{ending}").symlink_to(tmp_path / "elsewhere")
    with private_files.replacing(tmp_path / "secret", keep_mode=True) as file:
        file.write(b"text")
    assert (tmp_path / "elsewhere").read_bytes() == b"mine"
    assert not (tmp_path / "secret").is_symlink()
    assert modes(tmp_path)["secret"] == 0o600


@AS_ROOT
def test_the_mode_of_another_accounts_file_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.touch()
    path.chmod(0o666)
    by_stranger(path)
    with private_files.replacing(path, keep_mode=True) as file:
        file.write(b"text")
    assert (path.stat().st_uid, modes(tmp_path)) == (0, {"secret": 0o600})


def test_what_fails_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"before")

    def fail() -> None:
        with private_files.replacing(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (path.read_bytes(), list(modes(tmp_path))) == (b"before", ["secret"])


def test_notes_are_added_to_a_file_of_ours_and_never_through_a_link(tmp_path: Path) -> None:
    for text in (b"first,", b"second"):
        with private_files.append(tmp_path / "notes") as file:
            file.write(text)
    assert private_files.read(tmp_path / "notes") == b"first,second"
    (tmp_path / "link").symlink_to(tmp_path / "notes")
    with pytest.raises(OSError, match="symbolic link"):
        private_files.append(tmp_path / "link")
    with pytest.raises(OSError, match="symbolic link"):
        private_files.read(tmp_path / "link")


@AS_ROOT
def test_another_accounts_file_is_neither_added_to_nor_believed(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.touch()
    by_stranger(path)
    with pytest.raises(PermissionError, match="another account"):
        private_files.append(path)
    with pytest.raises(PermissionError, match="another account"):
        private_files.read(path)


@AS_ROOT
@pytest.mark.parametrize("as_link", [False, True])
async def test_an_empty_file_of_another_account_does_not_become_a_store(
    tmp_path: Path, as_link: bool
) -> None:
    path = tmp_path / "hansard.db"
    if as_link:
        path.symlink_to(tmp_path / "elsewhere.db")
        os.lchown(path, STRANGER, STRANGER)
    else:
        path.touch()
        by_stranger(path)
    with pytest.raises(Conflict, match=f"was made by uid {STRANGER}"):
        async with opened(Settings(store=f"sqlite:///{path}")):
            pass
    assert not (tmp_path / "elsewhere.db").exists()


def test_nothing_else_in_the_package_makes_files() -> None:
    """Whatever writes a file does it here, so that the next file is as safe as the last."""
    package = Path(private_files.__file__).parent
    writers = {
        f"{path.relative_to(package)}:{node.lineno}"
        for path in package.rglob("*.py")
        if path.name != "private_files.py" and "bench" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and _writes_a_file(node)
    }
    assert writers == set()


def _writes_a_file(call: ast.Call) -> bool:
    if ast.unparse(call.func) in {
        "private_files.touch",
        "archive.open",
        "formatter.write_text",
    }:
        return False
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    modes = {argument.value for argument in call.args if isinstance(argument, ast.Constant)}
    if name == "open":
        is_os = ast.unparse(call.func) == "os.open"
        return is_os or bool(modes & {"w", "wb", "a", "ab", "x", "xb", "w+b", "r+b"})
    return name in {"write_text", "write_bytes", "touch", "mkdir", "mkstemp", "NamedTemporaryFile"}
