"""A model-safe read: the end of a transcript that fits, with every tool call beside its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from hansard.errors import Invalid
from hansard.model import parts
from hansard.model.context import Context, ContextQuery, Dropped, Turn
from hansard.service.rules import ref
from hansard.store.verbs import transcripts as verbs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hansard.access import Principal
    from hansard.model import Message, Session
    from hansard.model.context import Reason
    from hansard.model.parts import Part
    from hansard.store import Store

MESSAGES, MOST_MESSAGES = 50, 1000
_PER_MESSAGE, _SHORT = 4, 200
_CALL, _ANSWER = "tool_call", "tool_call_response"
_CALLING, _ANSWERING = "assistant", ("tool", "user")


class Contexts:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, principal: Principal, session: str, query: ContextQuery) -> Context:
        """The newest messages that fit into ``query``; without limits the last 50. Invalid for limits out of range."""
        if query.messages is None and query.tokens is None:
            query = msgspec.structs.replace(query, messages=MESSAGES)
        for field, most in (("messages", MOST_MESSAGES), ("tokens", 10_000_000)):
            given = getattr(query, field)
            if given is not None and not 1 <= given <= most:
                raise Invalid(f"{field} must be 1-{most}", param=field)
        limit = query.messages or MOST_MESSAGES
        read = self._store.read if limit <= _SHORT else self._store.read_long
        found = await read(verbs.tail, ref(principal, session), limit)
        return chosen(*found, query)


class _Group(Struct):
    """Messages that stay or go together: one, or a message with tool calls and the answers to them."""

    turns: list[Turn]

    @property
    def tokens(self) -> int:
        return sum(turn.tokens for turn in self.turns)


def chosen(
    session: Session, opening: Sequence[Message], newest: Sequence[Message], query: ContextQuery
) -> Context:
    """The context of a session that begins with the system messages ``opening`` and ends with ``newest``."""
    system = [
        _turn(
            message,
            [part for part in parts.decode(message.parts) if part.type not in {_CALL, _ANSWER}],
        )
        for message in opening
    ]
    opened = {message.seq for message in opening}
    dropped: list[Dropped] = []
    groups = _grouped([message for message in newest if message.seq not in opened], dropped)
    kept = _fitting(groups, query, sum(turn.tokens for turn in system))
    if query.user_first:
        kept = _from_user(kept, dropped)
    turns = [turn for group in kept for turn in group.turns]
    first = min((turn.message.seq for turn in turns), default=None)
    inside = [
        one
        for one in dropped
        if (first is not None and one.seq >= first) or one.reason == "before_first_user"
    ]
    gone = session.message_count - len(opened | {turn.message.seq for turn in turns})
    return Context(
        session=session,
        system=system,
        turns=turns,
        tokens=sum(turn.tokens for turn in (*system, *turns)),
        first_seq=first,
        older=max(0, gone - sum(one.whole for one in inside)),
        dropped=sorted(inside, key=lambda one: one.seq),
    )


def _grouped(messages: Iterable[Message], dropped: list[Dropped]) -> list[_Group]:
    """The messages in groups, without answers that have no call and calls that have no answer."""
    decoded = [(message, parts.decode(message.parts)) for message in messages]
    answered = _answered(decoded)
    asked: dict[str | None, _Group] = {}
    groups: list[_Group] = []
    for place, (message, given) in enumerate(decoded):
        if any(part.type == _ANSWER for part in given) and message.role in _ANSWERING:
            _answer(message, given, asked, groups, dropped)
            continue
        calls = {
            part.id: part for part in given if part.type == _CALL and (place, part.id) in answered
        }
        stays = [
            part
            for part in given
            if part.type not in {_CALL, _ANSWER} or part is calls.get(part.id)
        ]
        if len(stays) < len(given):
            unanswered = any(part.type == _CALL for part in given)
            dropped.append(
                Dropped(
                    message.seq,
                    message.id,
                    "unanswered_call" if unanswered else "call_missing",
                    not stays,
                )
            )
        if not stays:
            continue
        group = _Group([_turn(message, stays)])
        groups.append(group)
        asked |= dict.fromkeys(calls, group)
    return groups


def _answered(decoded: Sequence[tuple[Message, list[Part]]]) -> set[tuple[int, str | None]]:
    """The calls that have an answer, by the place of their message and their id, which a later call may use again."""
    open_calls: dict[str | None, int] = {}
    found: set[tuple[int, str | None]] = set()
    for place, (message, given) in enumerate(decoded):
        for part in given:
            if part.type == _ANSWER and message.role in _ANSWERING and part.id in open_calls:
                found.add((open_calls.pop(part.id), part.id))
            elif part.type == _CALL and message.role == _CALLING and part.id is not None:
                open_calls[part.id] = place
    return found


def _answer(
    message: Message,
    given: list[Part],
    asked: dict[str | None, _Group],
    groups: list[_Group],
    dropped: list[Dropped],
) -> None:
    """Put each answer behind its call; what a message says beside its answers stays where it was said."""
    by_group: dict[int, tuple[_Group, list[Part]]] = {}
    orphans = False
    for part in given:
        if part.type != _ANSWER:
            continue
        group = asked.pop(part.id, None)
        if group is None:
            orphans = True
        else:
            by_group.setdefault(id(group), (group, []))[1].append(part)
    for group, answers in by_group.values():
        group.turns.append(_turn(message, answers))
    rest = [part for part in given if part.type not in {_ANSWER, _CALL}]
    if rest:
        groups.append(_Group([_turn(message, rest)]))
    if orphans:
        dropped.append(Dropped(message.seq, message.id, "call_missing", not by_group and not rest))


def _fitting(groups: Sequence[_Group], query: ContextQuery, tokens: int) -> list[_Group]:
    """The newest groups that fit; the newest of all stays even if it alone has more messages than were asked for."""
    kept: list[_Group] = []
    count = 0
    for group in reversed(groups):
        count += len(group.turns)
        tokens += group.tokens
        if (query.messages is not None and count > query.messages and kept) or (
            query.tokens is not None and tokens > query.tokens
        ):
            break
        kept.append(group)
    return kept[::-1]


def _from_user(groups: list[_Group], dropped: list[Dropped]) -> list[_Group]:
    """From the first word of a user on."""
    start = next(
        (place for place, group in enumerate(groups) if group.turns[0].message.role == "user"),
        len(groups),
    )
    reason: Reason = "before_first_user"
    stays = {turn.message.seq for group in groups[start:] for turn in group.turns}
    gone = {turn.message.seq: turn.message.id for group in groups[:start] for turn in group.turns}
    dropped += [Dropped(seq, ident, reason, whole=seq not in stays) for seq, ident in gone.items()]
    return groups[start:]


def _turn(message: Message, given: list[Part]) -> Turn:
    return Turn(message, given, _PER_MESSAGE + sum(estimate(_text_of(part)) for part in given))


def _text_of(part: Part) -> str:
    said = [
        part.name or "",
        *(
            _plain(value)
            for value in (part.content, part.arguments, part.response)
            if value is not None
        ),
    ]
    return " ".join(said)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def estimate(text: str) -> int:
    """About how many model tokens a text has: one for four ASCII characters, one for each other character.

    >>> estimate("four"), estimate("東京")
    (1, 2)
    """
    ascii_only = len(text.encode("ascii", "ignore"))
    return -(-ascii_only // 4) + len(text) - ascii_only
