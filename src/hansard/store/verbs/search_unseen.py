"""What the search index has not seen yet, as a search compares it.

The words of these messages are kept by the generation of their session's last change, which a
search reads anyway. So behind a write, a search reads what was written since the one before it.
"""

from __future__ import annotations

from itertools import accumulate, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

from hansard.byte_cache import MIB, WorkspaceCache
from hansard.store import rows, steps
from hansard.store.search_query import joined, title_words
from hansard.store.verbs import message_pages
from hansard.store.verbs.indexing import words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.model import Message
    from hansard.store.search_query import SearchTerms
    from hansard.store.steps import Row, Steps

Documents: TypeAlias = tuple[tuple[int, str], ...]
"""A ``seq`` and the joined document of each message of a session, the newest first; 0 is the title.
"""
UnseenWords: TypeAlias = WorkspaceCache[tuple[str, int, int, bool], Documents]
_MOST_EVENTS = _MOST_MESSAGES = 5000
_MOST_BYTES = 8 << 20
_MEMORY = 8 * MIB


def cache() -> UnseenWords:
    """Room for the words of a process."""
    return WorkspaceCache(_MEMORY, "unseen words")


def matching(
    workspace_id: str, terms: SearchTerms, after: int, until: int, words: UnseenWords
) -> Steps[dict[str, list[int]]]:
    """The ``seq`` of the messages that match, by session, of what changed behind ``after``."""
    if until <= after:
        return {}
    since = words.clearings
    changed = yield from _changed(workspace_id, after, until)
    known = {key: words.get(key, group=workspace_id) for key in map(_key, changed)}
    unread = [row for row in changed if known[_key(row)] is None]
    for row, documents, is_whole in (yield from _read(workspace_id, unread)):
        known[_key(row)] = documents
        if is_whole:
            words.put(_key(row), documents, workspace_id, since=since)
    matches = {
        key[0]: [seq for seq, document in documents or () if terms.within(document)]
        for key, documents in known.items()
    }
    return {session_id: seqs for session_id, seqs in matches.items() if seqs}


def _changed(workspace_id: str, after: int, until: int) -> Steps[list[Row]]:
    if until - after > _MOST_EVENTS:
        last = yield from steps.value(
            "search_events_until", workspace_id=workspace_id, after=after, limit=_MOST_EVENTS
        )
        until = last or until
    return (
        yield from steps.rows("search_changed", workspace_id=workspace_id, after=after, until=until)
    )


def _key(row: Row) -> tuple[str, int, int, bool]:
    """What the words of a changed session depend on."""
    session_id, seq, titled, _, _, changed = row
    return session_id, changed, seq, bool(titled)


def _read(workspace_id: str, changed: Sequence[Row]) -> Steps[list[tuple[Row, Documents, bool]]]:
    """The documents of changed sessions, and whether they are all that a session has.

    As many messages as the bounds allow.
    """
    if not changed:
        return []
    stretches = [[row[0], row[1], row[3]] for row in changed if row[3] > row[1]]
    sizes = (
        (
            yield from steps.rows(
                "search_unseen",
                workspace_id=workspace_id,
                stretches=rows.encoded(stretches),
                limit=_MOST_MESSAGES + 1,
            )
        )
        if stretches
        else []
    )
    within = sum(size <= _MOST_BYTES for size in accumulate(row[2] for row in sizes))
    taken = sizes[: min(max(1, within), _MOST_MESSAGES)]
    shown = yield from message_pages.each_sized(workspace_id, taken, _document)
    by_session = {
        session_id: [(seq, shown[session_id, seq]) for _, seq, _ in reversed(list(group))]
        for session_id, group in groupby(taken, key=itemgetter(0))
    }
    left_out = {row[0] for row in sizes[len(taken) :]}
    return [
        (row, (*by_session.get(row[0], ()), *_title(row)), row[0] not in left_out)
        for row in changed
    ]


def _document(message: Message) -> str:
    return joined(words_of(message.role, message.parts))


def _title(row: Row) -> Documents:
    title, titled = row[4], row[2]
    return ((0, joined(title_words(title))),) if title and not titled else ()
