"""What opencode keeps on disk: a database since 1.2, a folder of small JSON files before.

A session is its ``info`` with messages ``{info, parts}``, as in an export.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from hansard.interchange.content.text import Json
from hansard.interchange.databases import Database
from hansard.interchange.documents import Document

TABLE = "part"
_SESSION = re.compile(r"[/\\]storage[/\\]session[/\\]([^/\\]+)[/\\][^/\\]+\.json$")
_OLDEST = "info"
"""The folder in which versions before 0.6 kept all their sessions."""
_ID = re.compile(r"[\w-]+")


def is_session(document: Document, records: Sequence[Json]) -> bool:
    """Whether a file is a session of the folder, by its path and its content."""
    return bool(
        _SESSION.search(document.name)
        and records
        and isinstance(records[0].get("time"), dict)
        and _ID.fullmatch(str(records[0].get("id")))
    )


def in_folder(document: Document, info: Json) -> list[Json]:
    """The messages of a session in the folder."""
    at = _SESSION.search(document.name)
    is_oldest = at is not None and at[1] == _OLDEST
    root = ".." if is_oldest else "../.."
    ident = info["id"]
    messages = []
    for message in _decoded(document.folder(f"{root}/message/{ident}")):
        key = str(message.get("id"))
        below = f"{ident}/{key}" if is_oldest else key
        parts = document.folder(f"{root}/part/{below}") if _ID.fullmatch(key) else []
        messages.append({"info": message, "parts": list(_decoded(parts))})
    return messages


def in_database(database: Database) -> Iterator[tuple[Json, list[Json]]]:
    """Each session with its messages, one at a time."""
    for row in database.rows("session", "time_created, id"):
        parts: dict[str, list[Json]] = defaultdict(list)
        for part in database.rows("part", "id", session_id=row["id"]):
            parts[part["message_id"]].append(_data(part))
        messages = [
            {"info": _data(message), "parts": parts[message["id"]]}
            for message in database.rows("message", "time_created, id", session_id=row["id"])
        ]
        yield _info(row), messages


def _info(row: dict[str, Any]) -> Json:
    """A row of the session's table as the ``info`` of an export."""
    names = {"parentID": "parent_id", "projectID": "project_id"}
    times = {"created": "time_created", "updated": "time_updated", "archived": "time_archived"}
    same = ("id", "title", "directory", "version")
    return (
        {name: row.get(name) for name in same}
        | {name: row.get(column) for name, column in names.items()}
        | {"time": {name: row.get(column) for name, column in times.items()}}
    )


def _data(row: dict[str, Any]) -> Json:
    return next(_decoded([str(row.get("data")).encode()]), {}) | {"id": row["id"]}


def _decoded(contents: Sequence[bytes]) -> Iterator[Json]:
    """The objects among the contents; a file that is half written is passed over."""
    for content in contents:
        try:
            value = json.loads(content)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield value
