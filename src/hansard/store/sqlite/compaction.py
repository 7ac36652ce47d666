"""Bring a store from before to the smaller form while servers of this version use it.

Each verb is one short transaction. How far they are stands in ``storage_form``, so that what is
broken off goes on there. Messages come first, then the sessions of the search index, which move to
other rows. Their old rows are marked as gone, which is ten times quicker than to overwrite them;
at the end the index is merged, and they leave the file. A session with more than ``LONGEST``
messages keeps its rows, which lie close together in either form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import Raw

from hansard.store import steps
from hansard.store.packing import unpacked
from hansard.store.search_query import Entry, title_words
from hansard.store.steps import Steps, many, row, run, value
from hansard.store.verbs.indexing import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.store.steps import Row

LONGEST = 500
_ROWS, _BYTES = 500, 1 << 20
_SESSIONS, _DOCUMENTS = 50, 250
_MERGING, _MERGED_PAGES = -1, 100


class Progress(NamedTuple):
    """What one step dealt with; nothing at the end."""

    messages: int = 0
    sessions: int = 0
    merges: int = 0


def total() -> Steps[Progress]:
    """What there is to deal with; nothing in a store that has the smaller form."""
    if (yield from value("compact_due")) is None:
        return Progress()
    messages, sessions = (yield from steps.rows("compact_total"))[0]
    return Progress(messages, sessions)


def step() -> Steps[Progress]:
    """Deal with what is next."""
    state = yield from row("compact_due")
    if state is None:
        return Progress()
    is_short, workspace_id, session_id, seq, handle = state
    if not is_short:
        yield from run("compact_begin_handles")
        yield from run("compact_begin")
        yield from run("compact_begun")
    if handle is None:
        count = yield from _messages(workspace_id, session_id, seq)
        if count:
            return Progress(messages=count)
        yield from run("compact_move_handle", handle=0)
    if handle != _MERGING:
        count = yield from _sessions(handle or 0)
        if count:
            return Progress(sessions=count)
        yield from run("search_merge", pages=-_MERGED_PAGES)
        yield from run("compact_move_handle", handle=_MERGING)
        return Progress(merges=1)
    if (yield from _merge()):
        return Progress(merges=1)
    yield from run("compact_end")
    return Progress()


def _messages(workspace_id: str, session_id: str, seq: int) -> Steps[int]:
    after = {"workspace_id": workspace_id, "session_id": session_id, "seq": seq}
    stretch = yield from steps.rows("compact_stretch", **after, limit=_ROWS)
    count = _end(stretch)
    if count:
        *until, _ = stretch[count - 1]
        names = ("until_workspace", "until_session", "until_seq")
        last = dict(zip(names, until, strict=True))
        yield from run("compact_messages", **after, **last)
        yield from run("compact_move", **last)
    return count


def _end(stretch: Sequence[Row]) -> int:
    """How many of the rows one transaction takes: at least one, where there is any."""
    size = 0
    for number, (*_, length) in enumerate(stretch):
        size += length
        if number and size > _BYTES:
            return number
    return len(stretch)


def _sessions(after: int) -> Steps[int]:
    """Move the next sessions to other rows; how many were looked at."""
    sessions = yield from steps.rows("compact_sessions", after=after, limit=_SESSIONS)
    looked_at = documents = 0
    yield from run("search_overwrite", on=0)
    for session in sessions:
        if documents >= _DOCUMENTS:
            break
        documents += yield from _move(session)
        looked_at += 1
    yield from run("search_overwrite", on=1)
    if looked_at:
        yield from run("compact_move_handle", handle=sessions[looked_at - 1][0])
    return looked_at


def _move(session: Row) -> Steps[int]:
    """Give a session a new handle, and so other rows; how many documents it has."""
    handle, workspace_id, session_id, seq, titled, title, code = session
    if seq > LONGEST:
        return 0
    here = {"workspace_id": workspace_id, "session_id": session_id}
    stored = yield from steps.rows("compact_documents", **here, until=seq)
    words = [(at, words_of(role, Raw(unpacked(parts)))) for at, role, parts in stored]
    if titled:
        words.append((0, title_words(title or "")))
    moved = yield from value("compact_next_handle")
    yield from many("search_forget", _entries(handle, code, words))
    yield from run("compact_rehandle", handle=handle, moved=moved)
    yield from many("search_put", _entries(moved, code, words))
    return len(words)


def _entries(handle: int, code: str, words: Sequence[tuple[int, list[str]]]) -> list[Entry]:
    return [Entry({"handle": handle, "seq": seq}, code, document) for seq, document in words]


def _merge() -> Steps[bool]:
    """Merge some pages of the index; whether there was anything to merge.

    FTS5 says so by the rows that it changed: the command itself counts as one.
    """
    before = yield from value("compact_changes")
    yield from run("search_merge", pages=_MERGED_PAGES)
    after = yield from value("compact_changes")
    return bool(after - before > 1)
