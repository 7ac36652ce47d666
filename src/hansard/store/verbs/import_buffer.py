"""The pending rows of a transaction with many sessions.

Rows are written together; hot rows come last.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hansard.model import parts, tool_calls
from hansard.store import counts
from hansard.store.search_query import message_words
from hansard.store.steps import Steps, many
from hansard.store.verbs import appends, indexing, items, removals, session_labels
from hansard.store.verbs.events import happened_many, title_left
from hansard.store.verbs.sessions import row_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hansard.model import Message, Session
    from hansard.model.tool_calls import ToolCalls
    from hansard.store.steps import Values

Words = list[tuple[int, list[str]]]
"""What messages give to the search index, by seq."""


class ImportBuffer:
    """What the transaction has done so far, told to the workspace's counters at its end."""

    def __init__(self, workspace_id: str, now: int) -> None:
        self.workspace_id = workspace_id
        self.now = now
        self.overtaken: set[str] = set()
        """The ids of sessions that were begun here, while somebody else took their names."""
        self._begun: list[tuple[Session, Sequence[Values], Words]] = []
        self._facets: Counter[tuple[str, str]] = Counter()
        self._events: list[Values] = []
        self._words: dict[str, Words] = {}
        self._behind: dict[str, int] = {}
        self._rows: list[Values] = []
        self._items: list[Values] = []
        self._tails: list[appends.Tail] = []
        self._marks: list[Values] = []

    def note(
        self, kind: str, before: Session | None, after: Session, seq: int | None = None
    ) -> None:
        """One change of a session's row."""
        if before is not None:
            self._facets.subtract(counts.facets_of(before))
        self._facets.update(counts.facets_of(after))
        was = (
            {
                "was_updated_at": before.updated_at,
                "was_active_at": before.active_at,
                "was_title": title_left(before, after),
            }
            if before
            else {}
        )
        self.happened(kind, after.id, seq, was)

    def happened(self, kind: str, session_id: str, seq: int | None, was: dict[str, Any]) -> None:
        self._events.append({"type": kind, "session_id": session_id, "seq": seq} | was)

    def add_words(self, session_id: str, words: Words, behind: int) -> None:
        """The words of new messages of a session, and up to which seq it had some before."""
        self._words[session_id] = words
        self._behind[session_id] = behind

    def begin(self, session: Session, messages: Sequence[Values], words: Words) -> None:
        """A new session with the rows of its messages, written together with others."""
        self._begun.append((session, messages, words))

    def extend(self, tail: appends.Tail, behind: int, event: Values) -> None:
        """Add messages and their event to a locked session.

        The session has messages up to ``behind``.
        """
        self._tails.append(tail)
        calls = tool_calls.read_all(tail.messages)
        self.add_words(tail.head.id, spoken(tail.messages, tail.texts, calls), behind)
        self._events.append(event)

    def keep(self, values: Sequence[Values]) -> None:
        """Rows of new messages, written together with those of other sessions."""
        self._rows += values

    def keep_item(self, values: Values) -> None:
        """The item of one of these messages."""
        self._items.append(values)

    def mark(self, deleted: Values) -> None:
        """A message among them that was deleted elsewhere, and when."""
        self._marks.append(deleted)

    def flush(self) -> Steps[None]:
        """Write the rows that are kept, so that they can be read."""
        yield from self._store_begun()
        values, self._rows = self._rows, []
        itemed, self._items = self._items, []
        tails, self._tails = self._tails, []
        marks, self._marks = self._marks, []
        yield from many("message_put", values)
        yield from items.put(itemed)
        yield from appends.write(self.workspace_id, tails)
        yield from many("message_mark_deleted", marks)

    def _store_begun(self) -> Steps[None]:
        begun, self._begun = self._begun, []
        stored = {
            row[0]
            for row in (
                yield from many("session_put", [row_of(session) for session, _, _ in begun])
            )
        }
        self.overtaken |= {session.id for session, _, _ in begun} - stored
        for session, messages, words in begun:
            if session.id in stored:
                if session.version > 1:  # its id is the file's, perhaps a deleted session's
                    yield from removals.make_way(self.workspace_id, session.id)
                yield from session_labels.put(session)
                self.keep(messages)
                self.add_words(session.id, words, 0)
                self.note("session.created", None, session, len(messages) or None)

    def tell(self) -> Steps[None]:
        """Write the messages, the counters and the events.

        Comes last, since it locks what is hot.
        """
        yield from self.flush()
        if not self._events:
            return
        whole = yield from indexing.add(self.workspace_id, self._words, self._behind)
        yield from counts.add(self.workspace_id, self._facets)
        before, until = yield from happened_many(
            self.workspace_id, [{**event, "at": self.now} for event in self._events]
        )
        if whole and self._words.keys() >= {event["session_id"] for event in self._events}:
            yield from indexing.follow(self.workspace_id, before, until)


def spoken(
    messages: Sequence[Message],
    texts: Sequence[str | None],
    calls: Iterable[ToolCalls | None],
) -> Words:
    """The words of messages with these calls of tools, that say ``texts`` where that is known."""
    return [
        (message.seq, message_words(message.role, _text(message, text), called))
        for message, text, called in zip(messages, texts, calls, strict=True)
    ]


def _text(message: Message, known: str | None) -> str:
    return parts.text(message.parts) if known is None else known
