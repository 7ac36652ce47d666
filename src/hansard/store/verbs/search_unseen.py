"""What the search index has not seen yet, as a search compares it.

The words of these messages are kept, in blocks of so many numbers, by the generation of their
session's last change but appends, which a search reads anyway. So behind a write, a search reads
what was written since the one before it.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from hansard.byte_cache import MIB, WorkspaceCache
from hansard.store import rows, steps
from hansard.store.search_query import joined, title_words
from hansard.store.verbs import message_pages
from hansard.store.verbs.indexing import words_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from hansard.model import Message
    from hansard.store.search_query import SearchTerms
    from hansard.store.steps import Row, Steps

_BLOCK = 32
_MOST_EVENTS = _MOST_MESSAGES = 5000
_MOST_BYTES = 8 << 20
_MEMORY = 8 * MIB
_CHANGED = 5


Compared: TypeAlias = "Mapping[str, tuple[int, list[int]]]"
"""For each session the generation of its last change other than an append, as far as it is looked
up, and the ``seq`` of its unindexed matches, newest first.
"""


class UnindexedMatches(NamedTuple):
    """The matches by session, all that was compared, and whether that is everything."""

    seqs: dict[str, list[int]]
    compared: Compared
    is_whole: bool


class Before(NamedTuple):
    """What was compared with the same terms at a generation, and the sessions changed since."""

    generation: int
    compared: Compared
    changed: Collection[str]


class Block(NamedTuple):
    """Messages of a session by their numbers, both included; 0 is the title."""

    session_id: str
    changed: int
    first: int
    last: int


Documents: TypeAlias = tuple[tuple[int, str], ...]
"""A ``seq`` and the joined document of each message of a block, the newest first."""
UnseenWords: TypeAlias = WorkspaceCache[Block, Documents]


def cache() -> UnseenWords:
    """Room for the words of a process."""
    return WorkspaceCache(_MEMORY, "unseen words")


def matching(  # noqa: PLR0913 - where to look, and what is known
    workspace_id: str,
    terms: SearchTerms,
    after: int,
    until: int,
    words: UnseenWords,
    before: Before | None = None,
) -> Steps[UnindexedMatches]:
    """What matches of that which changed behind ``after``, the generation that the index has seen.

    Of more than ``_MOST_MESSAGES`` messages some are left out. With ``before``, for which the index
    had seen as much, only the sessions that changed since are compared.
    """
    if until <= after:
        return UnindexedMatches({}, {}, is_whole=True)
    known = before.compared if before else {}
    changed, last = yield from _changed(workspace_id, before.generation if before else after, until)
    is_whole = last == until and sum(row[3] - row[1] for row in changed) <= _MOST_MESSAGES
    rows_left = [
        (*row[:_CHANGED], max(row[_CHANGED], known[row[0]][0] if row[0] in known else 0))
        for row in changed
    ]
    documents, all_read = yield from _documents(workspace_id, rows_left, words)
    compared = {
        ident: each for ident, each in known.items() if before and ident not in before.changed
    }
    compared |= {row[0]: (row[_CHANGED], list[int]()) for row in rows_left}
    for block, numbered in documents.items():
        compared[block.session_id][1].extend(
            seq for seq, document in numbered if terms.within(document)
        )
    for row in rows_left:
        compared[row[0]][1].sort(reverse=True)
    seqs = {ident: matches for ident, (_, matches) in compared.items() if matches}
    return UnindexedMatches(seqs, compared, is_whole and all_read)


def _documents(
    workspace_id: str, changed: Sequence[Row], words: UnseenWords
) -> Steps[tuple[dict[Block, Documents], bool]]:
    """What is not indexed of these sessions, and whether that is all of it."""
    since = words.clearings
    known: dict[Block, Documents] = {}
    unread: list[Block] = []
    for block, title in _blocks(changed):
        documents = words.get(block, group=workspace_id)
        if documents is None and title is not None:
            documents = ((0, joined(title_words(title))),)
            words.put(block, documents, workspace_id, since=since)
        if documents is None:
            unread.append(block)
        else:
            known[block] = documents
    all_read = True
    for block, documents, is_whole in (yield from _read(workspace_id, unread)):
        known[block] = documents
        all_read = all_read and is_whole
        if is_whole:
            words.put(block, documents, workspace_id, since=since)
    return known, all_read


def _changed(workspace_id: str, after: int, until: int) -> Steps[tuple[list[Row], int]]:
    """What is not indexed of the sessions that changed, up to a generation, which is here too."""
    if until - after > _MOST_EVENTS:
        last = yield from steps.value(
            "search_events_until", workspace_id=workspace_id, after=after, limit=_MOST_EVENTS
        )
        until = last or until
    return (
        yield from steps.rows("search_changed", workspace_id=workspace_id, after=after, until=until)
    ), until


def _blocks(changed: Sequence[Row]) -> Iterator[tuple[Block, str | None]]:
    """What is not indexed of changed sessions, in blocks; those of titles with the title."""
    count = 0
    for session_id, indexed, titled, last_seq, title, n in changed:
        if title and not titled:
            yield Block(session_id, n, 0, 0), title
        first = indexed + 1
        while first <= last_seq and count < _MOST_MESSAGES:
            last = min(last_seq, first - first % _BLOCK + _BLOCK - 1)
            yield Block(session_id, n, first, last), None
            first, count = last + 1, count + last + 1 - first


def _read(workspace_id: str, blocks: Sequence[Block]) -> Steps[list[tuple[Block, Documents, bool]]]:
    """The documents of blocks, and whether they are all that a block has.

    As many messages as the bound of bytes allows.
    """
    if not blocks:
        return []
    stretches = [[block.session_id, block.first - 1, block.last] for block in blocks]
    sizes = yield from steps.rows(
        "search_unseen", workspace_id=workspace_id, stretches=rows.encoded(stretches)
    )
    within = sum(size <= _MOST_BYTES for size in accumulate(row[2] for row in sizes))
    taken = sizes[: max(1, within)]
    shown = yield from message_pages.each_sized(workspace_id, taken, _document)
    left_out = {tuple(row[:2]) for row in sizes[len(taken) :]}
    return [_with_documents(block, shown, left_out) for block in blocks]


def _with_documents(
    block: Block, shown: Mapping[tuple[str, int], str], left_out: AbstractSet[tuple[str, int]]
) -> tuple[Block, Documents, bool]:
    positions = [(block.session_id, seq) for seq in range(block.last, block.first - 1, -1)]
    documents = tuple((position[1], shown[position]) for position in positions if position in shown)
    return block, documents, left_out.isdisjoint(positions)


def _document(message: Message) -> str:
    return joined(words_of(message.role, message.parts))
