"""Files that hold conversations or secrets: mode 0600 whatever the umask, and nobody else's.

A file that another account made beforehand stays readable to it, and a link leads elsewhere. So a
file is always a new one (``O_EXCL``, ``O_NOFOLLOW``), is written beside its name and then takes it,
and its folder must be one that no other account can change.
"""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from hansard.errors import Conflict

_MODE = 0o600
_ROOT = 0
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
PARTIAL = ".part"


def folder_fault(folder: Path) -> str | None:
    """Why a secret must not be put into ``folder``, and what to do; None when it may."""
    return _fault(folder, folder.stat())


def make_folder(folder: Path) -> None:
    """Make ``folder`` with mode 0700, or take the one that is there.

    Raises Conflict when that is a link, or when another account owns it or can change it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink():
        raise Conflict(
            f"{folder} is a link, perhaps to somebody else's folder: remove it, then try again",
            code="unsafe_folder",
        )
    with _checked(folder):
        pass


def touch(path: Path) -> None:
    """Make an empty file where there is none, at the end of any links of our own.

    A file that is there is not even opened, since closing it would drop SQLite's locks on it.
    Raises Conflict when its folder is unsafe, or when the file is empty and another account's.
    """
    if path.is_symlink():
        _check_owner(path, path.lstat())
    target = path.resolve()
    if target.exists():
        if not (info := target.stat()).st_size:
            _check_owner(target, info)
        return
    with contextlib.suppress(FileExistsError):
        create(target).close()


def create(path: Path) -> BinaryIO:
    """A new file, open for writing. Raises FileExistsError when there is one, or a link."""
    with _naming(path), _checked(path.parent) as folder:
        file = open(  # noqa: SIM115 - the caller closes it
            path, "wb", opener=lambda *_: os.open(path.name, _NEW, _MODE, dir_fd=folder)
        )
    os.fchmod(file.fileno(), _MODE)  # a umask can take the owner's own rights away
    return file


def create_partial(path: Path, ending: str = PARTIAL) -> Path:
    """A new empty file beside ``path``, in the place of one that was left behind."""
    partial = path.with_name(path.name + ending)
    with _naming(path):
        partial.unlink(missing_ok=True)
        create(partial).close()
    return partial


def finish(partial: Path, path: Path) -> None:
    """Give a file that is complete its name, durably."""
    _sync(partial)
    partial.rename(path)
    _sync(path.parent)


@contextlib.contextmanager
def replacing(path: Path, *, keep_mode: bool = False) -> Iterator[BinaryIO]:
    """Write a file beside ``path``, which takes its name when the block ends well.

    With ``keep_mode`` it also takes the mode of a file of ours that it replaces.
    """
    partial = create_partial(path)
    try:
        with partial.open("wb") as file:
            yield file
            if keep_mode and (mode := _own_mode(path)) is not None:
                os.fchmod(file.fileno(), mode)
        finish(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def append(path: Path) -> BinaryIO:
    """The file at ``path``, open for more: a new one, or one that is ours already."""
    try:
        return create(path)
    except FileExistsError:
        return open(path, "ab", opener=_open_own)


def read(path: Path) -> bytes:
    """What a file of ours holds. Raises PermissionError for another account's."""
    with open(path, "rb", opener=_open_own) as file:
        return file.read()


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Let an error of the system name the file that was wanted."""
    try:
        yield
    except OSError as problem:
        raise OSError(problem.errno, problem.strerror, str(path)) from problem


@contextlib.contextmanager
def _checked(folder: Path) -> Iterator[int]:
    """A descriptor of the folder, so that what was checked is what is written to."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if fault := _fault(folder, os.fstat(handle)):
            raise Conflict(fault, code="unsafe_folder")
        yield handle
    finally:
        os.close(handle)


def _fault(folder: Path, info: os.stat_result) -> str | None:
    """In a sticky folder such as /tmp nobody can remove or replace the files of others."""
    if info.st_uid not in (os.geteuid(), _ROOT):
        return (
            f"the folder {folder} belongs to {_account(info.st_uid)}, who could replace what is "
            f"written there: choose a folder of your own, or run this as {_account(info.st_uid)}"
        )
    if info.st_mode & stat.S_ISVTX:
        return None
    if info.st_mode & stat.S_IWOTH:
        return f"every account can change the folder {folder}: chmod o-w {folder}"
    if info.st_mode & stat.S_IWGRP and (others := _others_in(info.st_gid)):
        return f"{', '.join(others)} can change the folder {folder}: chmod g-w {folder}"
    return None


def _others_in(group: int) -> list[str]:
    """The other accounts of a group, at most three; none in a group of an account's own."""
    members = {user.pw_name for user in pwd.getpwall() if user.pw_gid == group}
    with contextlib.suppress(KeyError):  # a group without a name has no further members
        members |= set(grp.getgrgid(group).gr_mem)
    return sorted(members - {_account(os.geteuid()), _account(_ROOT)})[:3]


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _check_owner(path: Path, info: os.stat_result) -> None:
    if info.st_uid not in (os.geteuid(), _ROOT):
        raise Conflict(
            f"{path} was made by {_account(info.st_uid)}, who could read what is written to it: "
            "remove it, or choose another name",
            code="unsafe_file",
        )


def _open_own(path: str, flags: int) -> int:
    handle = os.open(path, (flags & ~os.O_CREAT) | os.O_NOFOLLOW)
    if os.fstat(handle).st_uid != os.geteuid():
        os.close(handle)
        raise PermissionError(errno.EPERM, "the file is another account's", path)
    return handle


def _own_mode(path: Path) -> int | None:
    """The mode of a plain file of ours, None where there is no such file."""
    try:
        info = path.lstat()
    except FileNotFoundError:
        return None
    is_ours = stat.S_ISREG(info.st_mode) and info.st_uid == os.geteuid()
    return stat.S_IMODE(info.st_mode) if is_ours else None


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
