"""Where streams come from.

A file, every file of a folder, every member of an archive, or standard input.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import IO, cast

from msgspec import Struct

from hansard.errors import Invalid
from hansard.interchange import databases, layouts
from hansard.interchange.bounds import OWN_MACHINE, Beyond, Bounds, Meter
from hansard.interchange.databases import Database
from hansard.interchange.streams import Stream

_ENCRYPTED = 0x1
_ZIP_MAGIC = b"PK\x03\x04"
_IN_MEMORY, _COPIED = 32 * 1024 * 1024, 256 * 1024
_DEEPEST = 3
"""How deep an archive may lie in others."""


class Document(Struct, frozen=True, kw_only=True):
    """One file to import.

    ``chosen`` says that the caller named it, so that it must be of a known format.

    ``name`` is its place for messages, ``size`` its bytes if known, ``meter`` counts what comes out
    of it. ``beside`` gives what the file of a name in the same folder holds, None when there is
    none.  ``folder`` gives the small JSON files of a folder, by its path from the document's own.
    ``path`` is set where the file is a database.  ``is_part`` says that it is the end of a file
    alone, which may hold no message.
    """

    name: str
    size: int | None
    chosen: bool
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    beside: Callable[[str], bytes | None]
    meter: Meter
    folder: Callable[[str], list[bytes]] = lambda _: []
    path: Path | None = None
    is_part: bool = False

    @property
    def is_database(self) -> bool:
        return self.path is not None

    def database(self) -> AbstractContextManager[Database | None]:
        """The database that the file is, None when it is none or cannot be read."""
        return databases.opened(self.path) if self.path is not None else nullcontext(None)

    @property
    def stem(self) -> str:
        """The file's name without its folder and endings."""
        base = layouts.unpacked_name(Path(self.name).name)
        return next(
            (base.removesuffix(ending) for ending in layouts.ENDINGS if base.endswith(ending)), base
        )

    @contextmanager
    def stream(self) -> Iterator[Stream]:
        with self.open() as file:
            yield Stream(file, self.meter)


def documents(path: Path, bounds: Bounds = OWN_MACHINE) -> Iterator[Document]:
    """The files to read for what the caller named; FileNotFoundError when nothing is there.

    The members of an archive can be read while the iteration is at them.
    """
    if path.is_dir():
        yield from (_file(path, bounds, chosen=False) for path in _within(path))
    elif _is_archive(path):
        with path.open("rb") as file:
            yield from _members(str(path), file, Meter(bounds, path.stat().st_size))
    else:
        yield _file(path, bounds, chosen=True)


def from_stream(name: str, file: IO[bytes], bounds: Bounds = OWN_MACHINE) -> Document:
    """A file that is open already, such as standard input or an upload; it is read once."""
    return Document(
        name=name,
        size=None,
        chosen=True,
        open=lambda: nullcontext(file),
        beside=lambda _: None,
        meter=Meter(bounds),
    )


def from_pipe(name: str, file: IO[bytes], bounds: Bounds = OWN_MACHINE) -> Iterator[Document]:
    """The same where the file may be an archive, whose members are the documents then."""
    head = file.read(len(_ZIP_MAGIC))
    rejoined = cast("IO[bytes]", _Rejoined(head, file))
    if head != _ZIP_MAGIC:
        yield from_stream(name, rejoined, bounds)
    elif file.seekable():
        yield from _members(name, file, Meter(bounds, file.seek(0, os.SEEK_END)))
    else:
        with _spooled(rejoined, Meter(bounds)) as (whole, size):
            yield from _members(name, whole, Meter(bounds, size))


class _Rejoined:
    """A file with its first bytes before it, which were read already."""

    def __init__(self, head: bytes, file: IO[bytes]) -> None:
        self._head = head
        self._file = file

    def read(self, size: int = -1) -> bytes:
        head, self._head = self._head, b""
        if not head:
            return self._file.read(size)
        return head + self._file.read(size - len(head) if size > len(head) else size)


@contextmanager
def _spooled(file: IO[bytes], meter: Meter) -> Iterator[tuple[IO[bytes], int]]:
    """A copy in which one can go back and forth, in memory while it is small, and its size."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as copy:
        size = 0
        while data := file.read(_COPIED):
            size += len(data)
            try:
                meter.unpack(len(data), size)
            except Beyond as problem:
                raise Invalid(f"an archive cannot be read: {problem}") from problem
            copy.write(data)
        copy.seek(0)
        yield cast("IO[bytes]", copy), size


def _file(path: Path, bounds: Bounds, *, chosen: bool) -> Document:
    meter = Meter(bounds)

    def beside(name: str) -> bytes | None:
        sibling = path.with_name(name)
        if not sibling.is_file():
            return None
        with sibling.open("rb") as file:
            return _small(file, meter)

    def folder(name: str) -> list[bytes]:
        contents = []
        for member in sorted((path.parent / name).glob("*.json")):
            with member.open("rb") as file:
                contents.append(_small(file, meter))
        return [content for content in contents if content is not None]

    return Document(
        name=str(path),
        size=path.stat().st_size,
        chosen=chosen,
        open=lambda: path.open("rb"),
        beside=beside,
        folder=folder,
        meter=meter,
        path=path if _begins(path, databases.MAGIC) else None,
    )


def _small(file: IO[bytes], meter: Meter) -> bytes | None:
    """All of a file that is as small as a record.

    None for one that is not, or that cannot be unpacked.
    """
    try:
        data = file.read(meter.bounds.record + 1)
        meter.unpack(len(data), len(data))
    except (zipfile.BadZipFile, zlib.error, EOFError, Beyond):
        return None
    return data if len(data) <= meter.bounds.record else None


def within(path: Path) -> Iterator[Path]:
    """The path itself, or the files of a folder that can hold conversations, in order."""
    if not path.is_dir():
        yield path
        return
    yield from _within(path)


def _within(folder: Path) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        folders.sort()
        paths = (Path(at) / name for name in layouts.of_folder(files))
        yield from (file for file in paths if not layouts.is_told_elsewhere(file))


def _is_archive(path: Path) -> bool:
    return _begins(path, _ZIP_MAGIC)


def _begins(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def _members(name: str, file: IO[bytes], meter: Meter, depth: int = 1) -> Iterator[Document]:
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile as problem:
        raise Invalid(f"{name} is a damaged archive: {problem}") from problem
    with archive:
        infos = {info.filename: info for info in archive.infolist()}
        for member in layouts.of_archive(list(infos)):
            yield _member(name, archive, infos[member], meter)
        for member, info in infos.items():
            if member.lower().endswith(".zip") and depth < _DEEPEST:
                _check_open(name, info)
                with archive.open(info) as inner, _spooled(inner, meter) as (whole, _):
                    yield from _members(f"{name}!{member}", whole, meter, depth + 1)


def _check_open(name: str, info: zipfile.ZipInfo) -> None:
    if info.flag_bits & _ENCRYPTED:
        raise Invalid(f"{info.filename} in {name} is encrypted: unpack it first")


def _member(name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, meter: Meter) -> Document:
    def beside(sibling: str) -> bytes | None:
        try:
            with archive.open(str(Path(info.filename).with_name(sibling))) as file:
                return _small(file, meter)
        except KeyError:
            return None

    _check_open(name, info)
    return Document(
        name=f"{name}!{info.filename}",
        size=info.compress_size,
        chosen=False,
        open=lambda: archive.open(info),
        beside=beside,
        meter=meter,
    )
