"""The words of deleted messages where FTS5 leaves them: between pages, and in those to come off.

It keeps for each of its pages the beginning of the word that came first there when the page was
written. It takes a deleted word out of the page, but leaves that border; here it becomes what comes
first now, which says as well where a word is to be looked for. And the pages of a segment that a
merge has taken in stay, for nobody to read, until the whole merge is done; here they go at once.

The words are known to this process alone. So the transaction in which they leave notes in the store
that borders are due, and the next process looks at all of them where this one was killed.
"""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Any, TypeAlias

from hansard.store import steps
from hansard.store.steps import run, value

if TYPE_CHECKING:
    from collections.abc import Iterable

    import apsw

    from hansard.store.sqlite.connection import Connection
    from hansard.store.steps import Steps

BorderPosition: TypeAlias = tuple[int, bytes]
"""A segment, and a border of it; the next one comes behind it."""
_MOST_WORDS = 100_000
_MOST_BORDERS = 500
"""So many are looked at in one transaction where all of them are due."""
_DUE = "separators_due:"
"""What the facts of the store begin with that note it, one for each process."""
_BEGINNING: BorderPosition = (0, b"")
_MAIN = b"0"
"""What FTS5 puts before every word of an index without others for beginnings."""
_SEGMENT_BITS = 37
_SIZE_AT, _HEAD = 2, 4
_MORE, _SEVEN = 0x80, 0x7F
_OTHER_FORM = b"\xff\x00\x00\x01"
"""What follows the cookie of an index that deletes by tombstones, which ours is not."""


class Separators:
    """Collects the words that leave the index, on every connection, until they are looked at."""

    def __init__(self) -> None:
        self._words: set[str] = set()
        self._fact = _DUE + token_hex(8)
        self._is_to_note = False
        self._is_unknown = True
        """Whether nobody looked yet if a process left borders that are due."""
        self._position: BorderPosition | None = None
        """Behind which all borders are due; None where only those of the words are."""

    def __bool__(self) -> bool:
        """Whether there is something to look at."""
        return bool(self._words) or self._is_unknown or self._position is not None

    def add_functions(self, db: apsw.Connection) -> None:
        """``forgotten(words)`` of SQL: the words themselves, noted as those that leave."""
        db.create_scalar_function("forgotten", self._note, 1)

    def note_need(self, connection: Connection) -> None:
        """Note in the transaction in which words left that borders are due."""
        if self._is_to_note:
            connection.drive(run("separators_due_put", name=self._fact))
            self._is_to_note = False

    def clean(self, connection: Connection) -> None:
        """Look at the borders that may have words which left in earlier transactions.

        At some of them where all are due: until nothing is left to look at.
        """
        before = self._words, self._is_unknown, self._position
        self._words = set()
        try:
            connection.drive(self._clean(before[0]))
        except BaseException:
            self._words |= before[0]
            _, self._is_unknown, self._position = before
            raise

    def _clean(self, words: set[str]) -> Steps[None]:
        if self._is_unknown:
            yield from self._look()
        yield from _cleaned(sorted(words))
        if self._position is not None:
            self._position = yield from _next_cleaned(self._position)
        if self._position is None:
            yield from run("separators_due_delete", name=self._fact)

    def _look(self) -> Steps[None]:
        """Take over what other processes left, or a living one has yet to look at."""
        for (name,) in (yield from steps.rows("separators_due")):
            if name != self._fact:
                self._position = _BEGINNING
                yield from run("separators_due_delete", name=name)
        if self._position is not None:
            yield from run("separators_due_put", name=self._fact)
        self._is_unknown = False

    def _note(self, *args: Any) -> Any:  # noqa: ANN401 - SQL's values
        self._is_to_note = True
        self._words.update(str(args[0]).split(" "))
        if len(self._words) > _MOST_WORDS:
            self._words.clear()
            self._position = _BEGINNING
        return args[0]


def _next_cleaned(position: BorderPosition) -> Steps[BorderPosition | None]:
    """Look at the borders behind a position: where that ended, or None where it was the last."""
    segment, after = position
    borders = yield from steps.rows(
        "separators_behind", segment=segment, after=after, limit=_MOST_BORDERS
    )
    for border, page in borders:
        yield from _moved(segment, border, page >> 1)
    if len(borders) == _MOST_BORDERS:
        return segment, borders[-1][0]
    following = yield from value("separator_segment", after=segment)
    return None if following is None else (following, b"")


def _cleaned(words: Iterable[str]) -> Steps[None]:
    for segment in merged_segments((yield from value("separator_structure"))):
        for name in ("separator_segment_pages", "separator_segment_borders"):
            yield from run(
                name,
                segment=segment,
                first=segment << _SEGMENT_BITS,
                behind=segment + 1 << _SEGMENT_BITS,
            )
    sought = [_MAIN + word.encode() for word in words]
    segment = yield from value("separator_segment", after=0)
    while segment is not None:
        looked_at: set[bytes] = set()
        for word in sought:
            for border, page in (
                yield from steps.rows("separator_before", segment=segment, word=word)
            ):
                if border and word.startswith(border) and border not in looked_at:
                    looked_at.add(border)
                    yield from _moved(segment, border, page >> 1)
        segment = yield from value("separator_segment", after=segment)


def _moved(segment: int, border: bytes, page: int) -> Steps[None]:
    """Let a border begin the first word of its page again, where that has left."""
    block = yield from value("separator_page", id=(segment << _SEGMENT_BITS) + page)
    if block is None:  # a merge has taken the page in
        yield from run("separator_delete", segment=segment, border=border)
        return
    first = first_word(block)
    if first is not None and not first.startswith(border):
        yield from run("separator_put", segment=segment, border=border, first=first)


def merged_segments(structure: bytes) -> list[int]:
    """The segments of which nothing is left: that have no first and no last page.

    The structure of an index begins with a cookie and three counts; the first is that of levels,
    each of which has two counts and, for each of its segments, its id and these two pages.
    """
    if structure[_HEAD : 2 * _HEAD] == _OTHER_FORM:
        return []
    levels, at = _varint(structure, _HEAD)
    _, at = _varint(structure, at)
    _, at = _varint(structure, at)
    merged: list[int] = []
    for _ in range(levels):
        _, at = _varint(structure, at)
        segments, at = _varint(structure, at)
        for _ in range(segments):
            segment, at = _varint(structure, at)
            first, at = _varint(structure, at)
            last, at = _varint(structure, at)
            merged += [segment] if first == last == 0 else []
    return merged


def first_word(page: bytes) -> bytes | None:
    """The first word that begins on a page of FTS5; None where none does.

    A page has, in two bytes each, where its first row and where its words' places begin; the first
    of these is where the first word stands, whole, behind its length.
    """
    size = int.from_bytes(page[_SIZE_AT:_HEAD], "big")
    if size >= len(page):
        return None
    at, _ = _varint(page, size)
    length, begin = _varint(page, at)
    return page[begin : begin + length]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number as SQLite writes it, and where it ends; lengths are short of its ninth byte."""
    number = 0
    while True:
        byte = data[at]
        number, at = number << 7 | byte & _SEVEN, at + 1
        if not byte & _MORE:
            return number, at
