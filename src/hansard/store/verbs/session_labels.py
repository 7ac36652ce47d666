"""What lists find a session by beside its own row: its tags, its metadata and its tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hansard.store.steps import Steps, Values, many, rows, run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from msgspec import Raw

    from hansard.model import Session

MOST_PAIRS, LONGEST_NAME, LONGEST_VALUE = 64, 128, 256
"""The most metadata keys that a session is found by, and the longest, in characters."""


def put(session: Session) -> Steps[None]:
    """Write the rows by which the labels of a new session find it."""
    yield from _put_tags(session)
    yield from put_metadata(session)
    yield from put_tools(session.workspace_id, session.id, session.tool_names)


def change(before: Session, after: Session) -> Steps[None]:
    """Follow a change of tags, metadata and tools."""
    here = {"workspace_id": after.workspace_id, "id": after.id}
    if bytes(after.tags) != bytes(before.tags):
        yield from run("tag_delete_of_session", **here)
        yield from _put_tags(after)
    if bytes(after.metadata) != bytes(before.metadata):
        yield from run("metadata_delete_of_session", **here)
        yield from put_metadata(after)
    if bytes(after.tools) != bytes(before.tools):
        yield from _change_tools(before, after)


def put_tools(workspace_id: str, session_id: str, names: Iterable[str]) -> Steps[None]:
    """Write the rows by which tools find a session; those that are there stay."""
    yield from many("tool_put", tool_rows(workspace_id, session_id, names))


def tool_rows(workspace_id: str, session_id: str, names: Iterable[str]) -> list[Values]:
    """The rows by which tools find a session."""
    here = {"workspace_id": workspace_id, "session_id": session_id}
    return [here | {"name": name} for name in names]


def _change_tools(before: Session, after: Session) -> Steps[None]:
    here = {"workspace_id": after.workspace_id, "session_id": after.id}
    gone = before.calls.tools.keys() - after.calls.tools.keys()
    yield from many("tool_delete", [here | {"name": name} for name in sorted(gone)])
    yield from put_tools(after.workspace_id, after.id, after.tool_names)


def _put_tags(session: Session) -> Steps[None]:
    tags = msgspec.json.decode(session.tags, type=list[str])
    here = {"workspace_id": session.workspace_id, "session_id": session.id}
    yield from many("tag_put", [here | {"tag": tag} for tag in dict.fromkeys(tags)])


def put_metadata(session: Session) -> Steps[None]:
    """Write the rows by which the metadata of a session finds it; those that are there stay."""
    here = {"workspace_id": session.workspace_id, "session_id": session.id}
    pairs = metadata_pairs(session.metadata)
    yield from many(
        "metadata_put", [here | {"name": name, "value": value} for name, value in pairs]
    )


def metadata_names(workspace_id: str, most: int) -> Steps[list[str]]:
    """The first keys of the metadata by which sessions are found, in their order."""
    got = yield from rows("metadata_names", workspace_id=workspace_id, most=most)
    return [row[0] for row in got]


def metadata_values(workspace_id: str, name: str, most: int) -> Steps[list[str]]:
    """The first values of a key, in their order."""
    got = yield from rows("metadata_values", workspace_id=workspace_id, name=name, most=most)
    return [row[0] for row in got]


def metadata_pairs(metadata: Raw) -> list[tuple[str, str]]:
    """The keys of the metadata that have a text, a number or a flag, each with it as text.

    >>> from msgspec import Raw
    >>> metadata_pairs(Raw(b'{"plan":"pro","seats":3,"score":0.5,"trial":false,"more":{}}'))
    [('plan', 'pro'), ('seats', '3'), ('score', '0.5'), ('trial', 'false')]
    """
    if bytes(metadata) == b"{}":
        return []
    return list(_pairs(msgspec.json.decode(metadata)))[:MOST_PAIRS]


def _pairs(metadata: dict[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in metadata.items():
        text = _text(value)
        if text is not None and len(name) <= LONGEST_NAME and not {"\x00", "="} & {*name}:
            yield name, text


def _text(value: object) -> str | None:
    """What a scalar is found by; None for what is no scalar, or too long."""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        case int() | float():
            text = str(value)
        case str():
            text = value
        case _:
            return None
    return text if len(text) <= LONGEST_VALUE and "\x00" not in text else None
