"""Where the streams come from: a file, every file of a folder, every member of an archive, standard input."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import IO

from msgspec import Struct

from hansard.errors import Invalid
from hansard.interchange import databases
from hansard.interchange.bounds import OWN_MACHINE, Beyond, Bounds, Meter
from hansard.interchange.databases import Database
from hansard.interchange.streams import Stream

_ENDINGS = (".json", ".jsonl", ".ndjson")
_ENCRYPTED = 0x1
_ZIP_MAGIC = b"PK\x03\x04"


class Document(Struct, frozen=True, kw_only=True):
    """One file to import. ``chosen`` says that the caller named it, so that it must be of a known format.

    ``name`` is its place for messages, ``size`` its bytes if known, ``meter`` counts what comes out of it.
    ``beside`` gives what the file of a name in the same folder holds, None when there is none.  ``path`` is set
    where the file is a database.
    """

    name: str
    size: int | None
    chosen: bool
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    beside: Callable[[str], bytes | None]
    meter: Meter
    path: Path | None = None

    @property
    def is_database(self) -> bool:
        return self.path is not None

    def database(self) -> AbstractContextManager[Database | None]:
        """The database that the file is, None when it is none or cannot be read."""
        return databases.opened(self.path) if self.path is not None else nullcontext(None)

    @property
    def stem(self) -> str:
        """The file's name without its folder and endings."""
        base = Path(self.name).name.removesuffix(".gz")
        return next(
            (base.removesuffix(ending) for ending in _ENDINGS if base.endswith(ending)), base
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
        yield from (_file(found, bounds, chosen=False) for found in _within(path))
    elif _is_archive(path):
        yield from _members(path, bounds)
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


def _file(path: Path, bounds: Bounds, *, chosen: bool) -> Document:
    meter = Meter(bounds)

    def beside(name: str) -> bytes | None:
        sibling = path.with_name(name)
        if not sibling.is_file():
            return None
        with sibling.open("rb") as file:
            return _small(file, meter)

    return Document(
        name=str(path),
        size=path.stat().st_size,
        chosen=chosen,
        open=lambda: path.open("rb"),
        beside=beside,
        meter=meter,
        path=path if _begins(path, databases.MAGIC) else None,
    )


def _small(file: IO[bytes], meter: Meter) -> bytes | None:
    """All of a file that is as small as a record; None for one that is not, or that cannot be unpacked."""
    try:
        data = file.read(meter.bounds.record + 1)
        meter.unpack(len(data), len(data))
    except (zipfile.BadZipFile, zlib.error, EOFError, Beyond):
        return None
    return data if len(data) <= meter.bounds.record else None


def _within(folder: Path) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(at) / name for name in sorted(files) if _is_wanted(name))


def _is_wanted(name: str) -> bool:
    return name.removesuffix(".gz").endswith(_ENDINGS)


def _is_archive(path: Path) -> bool:
    return _begins(path, _ZIP_MAGIC)


def _begins(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def _members(path: Path, bounds: Bounds) -> Iterator[Document]:
    meter = Meter(bounds, path.stat().st_size)
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as problem:
        raise Invalid(f"{path} is a damaged archive: {problem}") from problem
    with archive:
        for info in archive.infolist():
            if _is_wanted(info.filename):
                yield _member(path, archive, info, meter)


def _member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, meter: Meter) -> Document:
    def beside(name: str) -> bytes | None:
        try:
            with archive.open(str(Path(info.filename).with_name(name))) as file:
                return _small(file, meter)
        except KeyError:
            return None

    if info.flag_bits & _ENCRYPTED:
        raise Invalid(f"{info.filename} in {path} is encrypted: unpack it first")
    return Document(
        name=f"{path}!{info.filename}",
        size=info.compress_size,
        chosen=False,
        open=lambda: archive.open(info),
        beside=beside,
        meter=meter,
    )
