"""The messages of a request's spans by their marks, which are worked out once for what repeats.

Every call of a model repeats the texts before it. A text is known by its digest, and a list of
texts by how the one before it in its session began: neither is read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from hansard.byte_cache import MIB, ByteCache
from hansard.errors import Invalid, TooLarge
from hansard.interchange.genai import Span
from hansard.interchange.otlp_messages import message_list, plain_turn, system_text
from hansard.interchange.records import Rules, Unreadable
from hansard.interchange.spans import mark, messages_in
from hansard.interchange.turns import Turn, draft_of, pieces
from hansard.model import MessageDraft
from hansard.model.bounds import check_imported

_MARK_BYTES, _KEY_BYTES = 8, 16
_SIDES, _NAMES_ROLE = (b"sent", b"answered"), (b'{"role":"', b'{"role": "')
"""Who says a message that names no role depends on the side of the call that it is on."""
_BLANKS = b" \t\r\n"
_MARK_SIZE = 60
"""What a mark takes in memory beside its letters."""
_texts_of = msgspec.json.Decoder(list[msgspec.Raw]).decode


class _Prefix(NamedTuple):
    """How the list of a session's messages began when it was last seen, and the marks in it.

    It is the list without its closing bracket: what comes behind it begins with a comma.
    """

    length: int
    digest: bytes
    marks: tuple[str, ...]


_known: ByteCache[bytes, tuple[str, ...]] = ByteCache(6 * MIB, "telemetry_marks")
"""The marks of the messages in a text, by its digest."""
_prefixes: ByteCache[str, _Prefix] = ByteCache(6 * MIB, "telemetry_prefixes")
"""The beginning of the latest list of each session. It is compared, so that anybody may know it."""


class Messages:
    """The messages of a request by their marks. What spans repeat is read when it is asked for."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._turns: dict[str, Turn] = {}
        self._drafts: dict[str, MessageDraft | None] = {}
        self._texts: dict[str, tuple[bytes, bool]] = {}
        self._repeated: list[tuple[tuple[str, ...], bytes]] = []
        self._list_numbers: dict[str, int] | None = None

    def prepare(self) -> None:
        """Make the drafts of what was new, so that no transaction waits for them."""
        for name in self._turns:
            self.draft(name)

    def draft(self, name: str) -> MessageDraft | None:
        """The message of a mark; None where it did not come, or no session may have it."""
        if name in self._drafts:
            return self._drafts[name]
        if name not in self._turns:
            self._look_up(name)
        turn = self._turns.get(name)
        draft = None if turn is None else self._drafted(turn)
        self._drafts[name] = draft
        return draft

    def _drafted(self, turn: Turn) -> MessageDraft | None:
        try:
            draft = draft_of(turn, self.rules)
            check_imported(draft, "message", self.rules.now)
        except (Invalid, TooLarge, Unreadable):
            return None
        return draft

    def _look_up(self, name: str) -> None:
        """Read the text of a mark that was known when it came."""
        if name not in self._texts and (number := self._list_number(name)) is not None:
            self._of_texts(self._repeated[number][1] + b"]", answers=False)
        if name in self._texts:
            text, answers = self._texts[name]
            self._read_text(text, answers=answers)

    def _list_number(self, name: str) -> int | None:
        """Which of the lists that were not read has a mark."""
        if self._list_numbers is None:
            self._list_numbers = {}
            for index, (marks, _) in enumerate(self._repeated):
                for each in marks:
                    self._list_numbers.setdefault(each, index)
        return self._list_numbers.get(name)

    def marks(self, span: Span, name: str, *, answers: bool) -> tuple[str, ...]:
        """The marks of what a span sent or answered; ``name`` is of its session or its trace."""
        listed = None
        if not span.is_of_openai_agents:
            listed = message_list(span.attributes, answers=answers)
        system = None if answers else system_text(span.attributes)
        if listed is not None and (answers or system is not None):
            try:
                if answers:
                    return self._of_texts(listed, answers=True)
                first = self._of_text(system, answers=False) if system else ()
                return first + self._of_list(listed, name)
            except (msgspec.MsgspecError, UnicodeError):
                pass
        return self._read(span.answers(self.rules) if answers else span.sent(self.rules))

    def _of_list(self, listed: bytes, name: str) -> tuple[str, ...]:
        """The marks of what was sent, of which only what is behind the known beginning is read."""
        known, hashed = _prefixes.get(name), hashlib.blake2b(digest_size=_KEY_BYTES)
        listed = listed.rstrip(_BLANKS)
        prefix = listed[:-1].rstrip(_BLANKS)
        marks, behind = None, 0
        if known is not None and listed.endswith(b"]") and known.length <= len(prefix):
            behind = known.length
            hashed.update(prefix[:behind])
            rest = prefix[behind:].lstrip(_BLANKS)
            if hashed.digest() == known.digest and rest[:1] in {b"", b","}:
                marks = known.marks + self._of_texts(b"[" + rest[1:] + b"]", answers=False)
                self._repeated.append((known.marks, prefix[:behind]))
        if marks is None:
            marks = self._of_texts(listed, answers=False)
        if marks:
            hashed.update(prefix[behind:])
            size = sum(map(len, marks)) + _MARK_SIZE * len(marks)
            _prefixes.put(name, _Prefix(len(prefix), hashed.digest(), marks), size=size)
        return marks

    def _of_texts(self, listed: bytes, *, answers: bool) -> tuple[str, ...]:
        texts = _texts_of(listed)
        return tuple(name for text in texts for name in self._of_text(bytes(text), answers=answers))

    def _of_text(self, text: bytes, *, answers: bool) -> tuple[str, ...]:
        side = b"" if text.startswith(_NAMES_ROLE) else _SIDES[answers]
        key = _digest(text, side)
        known = _known.get(key)
        if known is None:
            known = self._read_text(text, answers=answers)
            _known.put(key, known)
        for name in known:
            self._texts.setdefault(name, (text, answers))
        return known

    def _read_text(self, text: bytes, *, answers: bool) -> tuple[str, ...]:
        plain = plain_turn(text)
        if plain is not None:
            return self._read([plain])
        role = "assistant" if answers else "user"
        spelled = text.decode("utf-8", "surrogatepass")
        return self._read(messages_in(spelled, role, self.rules))

    def _read(self, turns: Iterable[Turn]) -> tuple[str, ...]:
        """The marks of the messages that these turns make."""
        marks = list[str]()
        for turn in pieces(turns):
            digest = hashlib.blake2b(mark(turn).encode("utf-8", "replace"), digest_size=_MARK_BYTES)
            marks.append(digest.hexdigest())
            self._turns.setdefault(marks[-1], turn)
        return tuple(marks)


def _digest(text: bytes, side: bytes = b"") -> bytes:
    return hashlib.blake2b(text, digest_size=_KEY_BYTES, person=side).digest()
