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
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from hansard.model import Message
    from hansard.store.search_query import SearchTerms
    from hansard.store.steps import Row, Steps

_BLOCK = 32
_MOST_EVENTS = _MOST_MESSAGES = 5000
_MOST_BYTES = 8 << 20
_MEMORY = 8 * MIB


class Waiting(NamedTuple):
    """The ``seq`` of the matching messages by session, the newest first; whether all are here.

    ``compared`` has the sessions without a match as well.
    """

    seqs: dict[str, list[int]]
    compared: dict[str, list[int]]
    is_whole: bool


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
    compared: Mapping[str, list[int]],
) -> Steps[Waiting]:
    """What matches of that which changed behind ``after``.

    Of more than ``_MOST_MESSAGES`` messages some are left out. The sessions in ``compared`` have
    not changed since these terms were compared with what is not indexed of them.
    """
    if until <= after:
        return Waiting({}, {}, is_whole=True)
    changed, last = yield from _changed(workspace_id, after, until)
    is_whole = last == until and sum(row[3] - row[1] for row in changed) <= _MOST_MESSAGES
    left = [row for row in changed if row[0] not in compared]
    documents, all_read = yield from _documents(workspace_id, left, words)
    by_session: dict[str, list[int]] = {row[0]: compared.get(row[0], []) for row in changed}
    for block, numbered in documents.items():
        seqs = [seq for seq, document in numbered if terms.within(document)]
        by_session[block.session_id] = sorted((*by_session[block.session_id], *seqs), reverse=True)
    with_matches = {session_id: seqs for session_id, seqs in by_session.items() if seqs}
    return Waiting(with_matches, by_session, is_whole and all_read)


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
