"""Notes and scores of sessions and messages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

from hansard.errors import Invalid
from hansard.model.bounds import short
from hansard.model.note import Note
from hansard.model.score import Score
from hansard.service.rules import ref, write
from hansard.store.verbs import notes as verbs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.access import Principal
    from hansard.ids import IdSource
    from hansard.model import Session
    from hansard.model.idempotency import IdempotentRequest
    from hansard.model.transfer import Snapshot
    from hansard.service.messages import Messages
    from hansard.store import Store

Scores: TypeAlias = list[Score]
Names: TypeAlias = list[str]
MOST_NAMES = 50
NOTE, SCORE = "note_", "score_"
TEXT, COMMENT, NAME = 8000, 2000, 64


class Notes:
    def __init__(
        self, store: Store, messages: Messages, ids: IdSource, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._messages = messages
        self._ids = ids
        self._clock = clock

    async def add(  # noqa: PLR0913 - the facts of a note
        self,
        principal: Principal,
        session: str,
        text: str,
        *,
        message: str | None = None,
        author: str | None = None,
        once: IdempotentRequest | None = None,
    ) -> tuple[Session, Note]:
        """Keep a note of a session, or of the ``message`` with this id or seq."""
        now = self._clock()
        draft = Note(
            id=self._ids.prefixed(NOTE),
            session_id="",
            seq=await self._seq(principal, session, message),
            text=_filled(text, "text", TEXT),
            author=await self._author(principal, author),
            created_by=principal.key_id,
            created_at=now,
        )
        return await write(
            self._store,
            once,
            principal.workspace_id,
            now,
            verbs.note,
            ref(principal, session),
            draft,
        )

    async def list(self, principal: Principal, session: str) -> list[Note]:
        """The notes of a session and of its messages, the oldest first."""
        return await self._store.read(verbs.notes, ref(principal, session))

    async def delete(self, principal: Principal, session: str, note_id: str) -> None:
        await self._store.write(verbs.unnote, ref(principal, session), note_id, self._clock())

    async def score(  # noqa: PLR0913 - the facts of a score
        self,
        principal: Principal,
        session: str,
        name: str,
        *,
        value: float | None = None,
        label: str | None = None,
        comment: str | None = None,
        message: str | None = None,
        author: str | None = None,
        once: IdempotentRequest | None = None,
    ) -> tuple[Session, Score, bool]:
        """Give a session, or a message of it, a number or a label; True for the first one.

        It replaces the author's last one of that name. Raises Invalid for a score without both.
        """
        now = self._clock()
        _check_judgement(value, label, "the score")
        draft = Score(
            id=self._ids.prefixed(SCORE),
            session_id="",
            seq=await self._seq(principal, session, message),
            name=_filled(name, "name", NAME),
            value=value,
            label=short(label, "label"),
            comment=short(comment, "comment", COMMENT),
            author=await self._author(principal, author),
            created_by=principal.key_id,
            created_at=now,
        )
        return await write(
            self._store,
            once,
            principal.workspace_id,
            now,
            verbs.score,
            ref(principal, session),
            draft,
        )

    async def scores(self, principal: Principal, session: str) -> Scores:
        """The scores of a session and of its messages, the oldest first."""
        return await self._store.read(verbs.scores, ref(principal, session))

    async def delete_score(self, principal: Principal, session: str, score_id: str) -> None:
        await self._store.write(verbs.unscore, ref(principal, session), score_id, self._clock())

    async def score_names(self, principal: Principal) -> Names:
        """The names of the workspace's scores; none for a narrowed caller."""
        if principal.user_id is not None or principal.app is not None:
            return []
        return await self._store.read(verbs.score_names, principal.workspace_id, MOST_NAMES)

    async def _seq(self, principal: Principal, session: str, message: str | None) -> int:
        if message is None:
            return 0
        seq = await self._messages.find_seq(principal, session, message, param="message")
        if seq == 0:
            raise Invalid("message: the first one has the seq 1", param="message")
        return seq

    async def _author(self, principal: Principal, author: str | None) -> str:
        own_name = (short(author, "author") or "").strip()
        return own_name or await self._store.read(verbs.author, principal.key_id)


def _check_judgement(value: float | None, label: str | None, where: str) -> None:
    if value is None and not label:
        raise Invalid(f"{where} needs a value, a label or both", param="value")
    if value is not None and not math.isfinite(value):
        raise Invalid(f"{where} must have a finite value", param="value")


def _filled(text: str, param: str, length: int) -> str:
    stripped = (short(text.strip(), param, length) or "").strip()
    if not stripped:
        raise Invalid(f"{param} is empty", param=param)
    return stripped


def check_brought(snapshot: Snapshot) -> None:
    """Raise Invalid for notes and scores of an exported session that no store could have held."""
    brought_by_noun: dict[str, tuple[str, Sequence[Note | Score]]] = {
        "notes": (NOTE, snapshot.notes),
        "scores": (SCORE, snapshot.scores),
    }
    for noun, (prefix, brought) in brought_by_noun.items():
        if len(brought) > verbs.MOST:
            raise Invalid(f"{noun}: there are more than {verbs.MOST}")
        for index, entry in enumerate(brought):
            where = f"{noun}[{index}]"
            if not entry.id.startswith(prefix) or not short(entry.id, f"{where}.id"):
                raise Invalid(f"{where}.id must begin with {prefix}")
            if not 0 <= entry.seq <= snapshot.session.last_seq or not entry.created_at:
                raise Invalid(f"{where} has no message or no time")
            _filled(entry.author or "", f"{where}.author", 256)
            _filled(entry.created_by or "", f"{where}.created_by", 256)
    for index, note in enumerate(snapshot.notes):
        _filled(note.text or "", f"notes[{index}].text", TEXT)
    for index, score in enumerate(snapshot.scores):
        _filled(score.name or "", f"scores[{index}].name", NAME)
        _check_judgement(score.value, score.label, f"scores[{index}]")
        short(score.label, f"scores[{index}].label")
        short(score.comment, f"scores[{index}].comment", COMMENT)
