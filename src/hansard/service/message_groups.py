"""Messages in groups that are kept or dropped together: a call with its answers, or one message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from hansard.model import parts
from hansard.model.context import Dropped, Turn
from hansard.service.token_estimate import PER_MESSAGE, part_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hansard.model import Message
    from hansard.model.parts import Part

CALL, ANSWER = "tool_call", "tool_call_response"
CALLS = frozenset({CALL, ANSWER})
_ANSWERING = frozenset({"tool", "user"})
_Indexed = list[tuple[int, "Part"]]


class Group(Struct, frozen=True):
    """One message, or a message with tool calls and the answers to them."""

    turns: list[Turn]

    @property
    def tokens(self) -> int:
        return sum(turn.tokens for turn in self.turns)

    @property
    def begins_with_user(self) -> bool:
        """Whether a user speaks first, other than to answer a call."""
        turn = self.turns[0]
        return turn.message.known_role == "user" and all(
            part.type not in CALLS for part in turn.parts
        )


def without_parts(message: Message, types: frozenset[str]) -> Turn:
    """The message without its parts of these types."""
    indexed = enumerate(parts.decode(message.parts))
    return _turn(message, [(index, part) for index, part in indexed if part.type not in types])


def grouped(messages: Iterable[Message], dropped: list[Dropped]) -> list[Group]:
    """The messages in groups, without answers that have no call and calls that have no answer.

    What is left out is added to ``dropped``.
    """
    decoded = [(message, list(enumerate(parts.decode(message.parts)))) for message in messages]
    answered = _answered(decoded)
    open_calls: dict[str | None, Group] = {}
    groups: list[Group] = []
    for position, (message, indexed) in enumerate(decoded):
        if message.known_role in _ANSWERING and any(part.type == ANSWER for _, part in indexed):
            _place_answers(message, indexed, open_calls, groups, dropped)
            continue
        calls = {
            part.id: index
            for index, part in indexed
            if part.type == CALL and (position, part.id) in answered
        }
        kept = [
            (index, part)
            for index, part in indexed
            if part.type not in CALLS or index in calls.values()
        ]
        if len(kept) < len(indexed):
            unanswered = any(part.type == CALL for _, part in indexed)
            reason = "unanswered_call" if unanswered else "call_missing"
            dropped.append(Dropped(message.seq, message.id, reason, whole=not kept))  # type: ignore[arg-type]  # one of two literals
        if kept:
            group = Group([_turn(message, kept)])
            groups.append(group)
            open_calls |= dict.fromkeys(calls, group)
    return groups


def _answered(decoded: Sequence[tuple[Message, _Indexed]]) -> set[tuple[int, str | None]]:
    """The calls that have an answer: the position of their message and their id.

    A later call may use an id again.
    """
    open_calls: dict[str | None, int] = {}
    answered: set[tuple[int, str | None]] = set()
    for position, (message, indexed) in enumerate(decoded):
        for _, part in indexed:
            if part.type == ANSWER and message.known_role in _ANSWERING and part.id in open_calls:
                answered.add((open_calls.pop(part.id), part.id))
            elif part.type == CALL and message.known_role == "assistant" and part.id is not None:
                open_calls[part.id] = position
    return answered


def _place_answers(
    message: Message,
    indexed: _Indexed,
    open_calls: dict[str | None, Group],
    groups: list[Group],
    dropped: list[Dropped],
) -> None:
    """Put each answer after its call; the rest of the message keeps its position."""
    by_group: dict[int, tuple[Group, _Indexed]] = {}
    has_orphans = False
    for index, part in indexed:
        if part.type != ANSWER:
            continue
        group = open_calls.pop(part.id, None)
        if group is None:
            has_orphans = True
        else:
            by_group.setdefault(id(group), (group, []))[1].append((index, part))
    for group, answers in by_group.values():
        group.turns.append(_turn(message, answers))
    rest = [(index, part) for index, part in indexed if part.type not in CALLS]
    if rest:
        groups.append(Group([_turn(message, rest)]))
    if has_orphans:
        whole = not by_group and not rest
        dropped.append(Dropped(message.seq, message.id, "call_missing", whole))


def _turn(message: Message, indexed: _Indexed) -> Turn:
    kept = [part for _, part in indexed]
    tokens = PER_MESSAGE + sum(map(part_tokens, kept))
    return Turn(message, kept, [index for index, _ in indexed], tokens)
