"""What opencode keeps on disk: a database since 1.2, a folder of small JSON files before.

A session is its ``info`` with messages ``{info, parts}``, as in an export. Version 2 has tables of
its own in the same database, into which it copies the older sessions.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from hansard.interchange.content.text import Json
from hansard.interchange.databases import CLOSED, Database
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Companion
from hansard.interchange.opencode_messages import message_of
from hansard.interchange.records import Unreadable

_TABLES, _TABLES_2 = ("session", "message", "part"), ("session_v2", "session_message")
_SESSION = re.compile(r"[/\\]storage[/\\]session[/\\]([^/\\]+)[/\\][^/\\]+\.json$")
_BY_AGE = "time_created, id"
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


def lacking(database: Database | None) -> str | None:
    """Why a database is not one of opencode with a session in it."""
    if database is None:
        return CLOSED
    known = [tables[0] for tables in (_TABLES, _TABLES_2) if _has(database, tables)]
    if not known:
        return f"the database lacks {' or '.join(_TABLES)}, and {' or '.join(_TABLES_2)}"
    if any(database.has_rows(table) for table in known):
        return None
    return Companion("no session is in it")


def _has(database: Database, tables: tuple[str, ...]) -> bool:
    return all(map(database.has_table, tables))


def in_database(database: Database) -> Iterator[tuple[Json, list[Json]]]:
    """Each session with its messages, one at a time; one in both kinds of tables from the newer.

    Unreadable where there is none.
    """
    if reason := lacking(database):
        raise Unreadable(reason)
    newer: set[str] = set()
    if _has(database, _TABLES_2):
        for row in database.rows("session_v2", _BY_AGE):
            if messages := _messages_2(database, row["id"]):
                newer.add(row["id"])
                yield _info(row), messages
    if _has(database, _TABLES):
        for row in database.rows("session", _BY_AGE):
            if row["id"] not in newer:
                yield _info(row), _messages(database, row["id"])


def _messages_2(database: Database, session: str) -> list[Json]:
    rows = database.rows("session_message", "seq, id", session_id=session)
    read = (message_of(row, _data(row)) for row in rows)
    return [message for message in read if message is not None]


def _messages(database: Database, session: str) -> list[Json]:
    parts: dict[str, list[Json]] = defaultdict(list)
    for part in database.rows("part", "id", session_id=session):
        parts[part["message_id"]].append(_data(part))
    return [
        {"info": _data(message), "parts": parts[message["id"]]}
        for message in database.rows("message", _BY_AGE, session_id=session)
    ]


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
