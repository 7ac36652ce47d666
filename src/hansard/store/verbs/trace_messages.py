"""The messages of calls: drafts by their marks, appended to a session that is changed in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from hansard.model import Message, MessageDraft, parts
from hansard.model.model_call import ModelCall, Position
from hansard.store.steps import Steps
from hansard.store.verbs import appends
from hansard.store.verbs.trace_sessions import GrowingSession

if TYPE_CHECKING:
    from hansard.ids import IdSource

_CLIENT_ID = "otel:"


class Drafts:
    """The drafts of marks: made of what was brought, or of messages that are emptied.

    ``missing`` are the marks of which there was none.
    """

    def __init__(self, makers: Iterable[Callable[[str], MessageDraft | None]]) -> None:
        self._makers = list(dict.fromkeys(makers))
        self._remembered: dict[str, MessageDraft] = {}
        self.missing: set[str] = set()

    def remember(self, stored: Iterable[Message]) -> None:
        """Keep what messages of telemetry say, which are about to be emptied."""
        for message in stored:
            if mark := mark_of(message.client_id):
                self._remembered[mark] = MessageDraft(
                    role=message.role,
                    parts=message.parts,
                    text=parts.text(message.parts),
                    metadata=message.metadata,
                )

    def of(self, mark: str) -> MessageDraft | None:
        """None where no session may have it, or its text was deleted with a message."""
        drafts = (make(mark) for make in self._makers)
        draft = next(filter(None, drafts), None) or self._remembered.get(mark)
        if draft is None:
            self.missing.add(mark)
        return draft


def mark_of(client_id: str | None) -> str | None:
    """The mark of a message that came by telemetry; None for any other."""
    return client_id.split(":")[1] if client_id and client_id.startswith(_CLIENT_ID) else None


def time_of(position: Position, call: ModelCall) -> int:
    return (call.ended or call.at) if position.is_answer else call.at


def spent(position: Position, call: ModelCall) -> tuple[str | None, dict[str, int]]:
    """The model and its tokens: of the last message that a call answered."""
    if not position.is_answer:
        return None, {}
    return call.model, call.tokens if position.index == len(call.answers) - 1 else {}


def appended(  # noqa: PLR0913 - what an append is made of
    growing: GrowingSession,
    line: Sequence[tuple[Position, ModelCall]],
    marks: Sequence[str],
    drafts: Drafts,
    ids: IdSource,
    now: int,
) -> Steps[None]:
    """Put these messages behind those with ``marks``; they are stored with the growing."""
    times, added = Counter(marks), list[MessageDraft]()
    for position, call in line:
        draft = drafts.of(position.mark)
        if draft is None:
            continue
        times[position.mark] += 1
        number = times[position.mark]
        model, tokens = spent(position, call)
        added.append(
            msgspec.structs.replace(
                draft,
                client_id=_CLIENT_ID + position.mark + (f":{number}" if number > 1 else ""),
                created_at=min(time_of(position, call), now),
                model=model,
                run_id=call.trace,
                **tokens,
            )
        )
    if not added:
        return
    if not growing.is_whole:  # some may be among the messages that are not known here
        client_ids = {draft.client_id for draft in added if draft.client_id is not None}
        yield from appends.recognise(growing.before.workspace_id, [growing.tail], client_ids)
    _, growing.appended = appends.add(growing.tail, added, ids, now)
