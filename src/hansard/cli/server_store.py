"""The store of the server that ``HANSARD_URL`` names, for a command in a folder without a store."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hansard.settings import Loaded

_VARIABLE = "HANSARD_URL"
_HEAD = b"SQLite format 3\0"


def with_server_store(loaded: Loaded, environment: Mapping[str, str]) -> Loaded:
    """The settings, with the store of the server where they name none and none is here.

    The server must run on this machine, for this user, and on SQLite. NotFound where it does not,
    since a store that the command made here would not be the one that was meant.
    """
    from hansard.errors import NotFound
    from hansard.settings import file_of

    url = environment.get(_VARIABLE, "").strip().rstrip("/")
    file = file_of(loaded.settings.store)
    if not url or loaded.sources["store"] != "default" or file is None or file.exists():
        return loaded
    store = _store_at(url)
    if store is None:
        raise NotFound(
            f"commands open a store themselves: there is none in this folder, and that of the "
            f"server {url} ({_VARIABLE}) was not found on this machine"
            f"\n  Name its store: --store or HANSARD_STORE, as 'hansard serve' prints it"
            f"\n  Or send it the file: curl --data-binary @FILE {url}/v1/import "
            '-H "Authorization: Bearer $HANSARD_API_KEY"'
            f"\n  Or work in this folder: unset {_VARIABLE}",
            code="store_missing",
        )
    return replace(
        loaded,
        settings=replace(loaded.settings, store=f"sqlite:///{store}"),
        sources=loaded.sources | {"store": _VARIABLE},
    )


def _store_at(url: str) -> Path | None:
    """The SQLite store that a server on this machine has open."""
    from hansard.cli.ports import files_of
    from hansard.http.origin import is_loopback

    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None
    if not is_loopback(parts.hostname):
        return None
    stores = [file for file in files_of(port) if _is_store(file)]
    return stores[0] if len(stores) == 1 else None


def _is_store(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return file.is_file() and opened.read(len(_HEAD)) == _HEAD
    except OSError:
        return False
