"""Contexts: the end of a transcript that fits, with every tool call next to its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from hansard.errors import Invalid
from hansard.model.context import Context, ContextQuery, Dropped, Reason, Turn
from hansard.service.message_groups import CALLS, Group, grouped, without_parts
from hansard.service.providers import PROVIDERS, Provider
from hansard.service.providers.text import words_of_turn
from hansard.service.rules import ref
from hansard.service.token_estimate import PER_MESSAGE, part_tokens, share, shorten
from hansard.store.verbs import transcripts as verbs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.access import Principal
    from hansard.store import Store
    from hansard.store.verbs.transcripts import Tail

T = TypeVar("T")
MESSAGES, MOST_MESSAGES = 50, 1000


class Contexts:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(
        self,
        principal: Principal,
        session: str,
        query: ContextQuery,
        show: Callable[[Context], T],
    ) -> T:
        """What the pure function ``show`` makes of the newest messages within ``query``'s limits.

        Without a limit these are the last 50.

        Raises Invalid for limits out of range.
        """
        if query.messages is None and query.tokens is None:
            query = msgspec.structs.replace(query, messages=MESSAGES)
        for field, most in (("messages", MOST_MESSAGES), ("tokens", 10_000_000)):
            value = getattr(query, field)
            if value is not None and not 1 <= value <= most:
                raise Invalid(f"{field} must be 1-{most}", param=field)
        limit = query.messages or MOST_MESSAGES
        provider = PROVIDERS.get(query.format)
        with_task = provider is not None and provider.user_first
        return await self._store.read(
            verbs.tail,
            ref(principal, session),
            limit,
            lambda tail: show(choose(tail, query)),
            with_task=with_task,
        )


def choose(tail: Tail, query: ContextQuery) -> Context:
    """The context of a transcript that ends with ``tail``.

    It begins with the opening system messages. For a provider that wants a user first, the user
    message that began the first turn follows, however old it is. The newest group always stays;
    texts that do not fit are cut in the middle.
    """
    provider = PROVIDERS.get(query.format)
    dropped: list[Dropped] = []
    system = [without_parts(message, CALLS) for message in tail.opening]
    opened = {message.seq for message in tail.opening}
    groups = grouped([message for message in tail.newest if message.seq not in opened], dropped)
    if provider is not None:
        groups = _accepted(groups, provider, dropped)
    task = _task_group(tail, provider)
    room = None if query.tokens is None else query.tokens - sum(turn.tokens for turn in system)
    user_first = provider is not None and provider.user_first
    kept, task = _fitting(groups, task, query.messages, room, user_first=user_first)
    if user_first and task is None and any(group.begins_with_user for group in kept):
        kept = _from_user(kept, dropped)
    chosen = ([task] if task else []) + kept
    if room is not None:
        chosen = _shortened(chosen, room, dropped)
    return _context(tail, system, chosen, task is not None, dropped, user_first=user_first)


def _context(  # noqa: PLR0913 - what a context is made of
    tail: Tail,
    system: list[Turn],
    groups: list[Group],
    has_task: bool,  # noqa: FBT001 - as above
    dropped: list[Dropped],
    *,
    user_first: bool,
) -> Context:
    turns = [turn for group in groups for turn in group.turns]
    later = [turn for group in groups[has_task:] for turn in group.turns]
    first = min((turn.message.seq for turn in later), default=None)
    task = turns[0].message.seq if has_task else None
    inside = [
        entry
        for entry in dropped
        if (first is not None and entry.seq >= first)
        or entry.seq == task
        or entry.reason == "before_first_user"
    ]
    kept = {message.seq for message in tail.opening} | {turn.message.seq for turn in turns}
    missing = tail.session.message_count - len(kept)
    return Context(
        session=tail.session,
        system=system,
        turns=turns,
        tokens=sum(turn.tokens for turn in (*system, *turns)),
        first_seq=first,
        older=max(0, missing - len({entry.seq for entry in inside if entry.whole})),
        dropped=sorted(inside, key=lambda entry: entry.seq),
        task=task,
        placeholder=bool(tail.session.message_count)
        and _needs_user(system, groups, user_first=user_first),
    )


def _needs_user(system: list[Turn], groups: list[Group], *, user_first: bool) -> bool:
    """Whether the provider refuses these turns, unless words of a user stand in front."""
    if user_first:
        return not groups or not groups[0].begins_with_user
    return not groups and not any(words_of_turn(turn) for turn in system)


def _accepted(groups: list[Group], provider: Provider, dropped: list[Dropped]) -> list[Group]:
    """The groups without the parts that the provider does not accept, listed in ``dropped``."""
    last_user = max(
        (index for index, group in enumerate(groups) if _speaks(group, provider)), default=-1
    )
    kept: list[Group] = []
    for index, group in enumerate(groups):
        is_open = index > last_user
        turns = [_accepted_turn(turn, provider, dropped, is_open=is_open) for turn in group.turns]
        if any(turn.parts for turn in turns):
            kept.append(Group([turn for turn in turns if turn.parts]))
    return kept


def _speaks(group: Group, provider: Provider) -> bool:
    """Whether the group has user content that the provider accepts."""
    turn = group.turns[0]
    return group.begins_with_user and any(
        provider.lacks(turn.message, part, is_open=False) is None for part in turn.parts
    )


def _accepted_turn(
    turn: Turn, provider: Provider, dropped: list[Dropped], *, is_open: bool
) -> Turn:
    reasons: dict[int, Reason] = {}
    for index, part in zip(turn.indexes, turn.parts, strict=True):
        reason = provider.lacks(turn.message, part, is_open=is_open)
        if reason is not None:
            reasons[index] = reason
    if not reasons:
        return turn
    whole = len(reasons) == len(turn.parts)
    named = set(reasons.values()) if whole else set(reasons.values()) - {"empty"}
    message = turn.message
    dropped += [Dropped(message.seq, message.id, reason, whole) for reason in sorted(named)]
    return _with(turn, [index for index in turn.indexes if index not in reasons])


def _with(turn: Turn, indexes: list[int]) -> Turn:
    """The turn with those of its parts that have these indexes."""
    by_index = dict(zip(turn.indexes, turn.parts, strict=True))
    parts = [by_index[index] for index in indexes]
    tokens = PER_MESSAGE + sum(map(part_tokens, parts))
    return Turn(turn.message, parts, indexes, tokens, turn.shortened)


def _task_group(tail: Tail, provider: Provider | None) -> Group | None:
    """The user message before the newest ones, as far as the provider accepts it."""
    if provider is None or tail.task is None:
        return None
    groups = _accepted(grouped([tail.task], []), provider, [])
    return next((group for group in groups if group.begins_with_user), None)


def _fitting(
    groups: list[Group],
    task: Group | None,
    messages: int | None,
    tokens: int | None,
    *,
    user_first: bool,
) -> tuple[list[Group], Group | None]:
    """The newest groups that fit, and the user's message that must stand before them, if any.

    The newest group stays even if it is larger than the limits.
    """
    tasks = _tasks(groups, task) if user_first else [None] * len(groups)
    start = len(groups) - 1
    count, size = 0, 0
    for index in range(len(groups) - 1, -1, -1):
        count += len(groups[index].turns)
        size += groups[index].tokens
        before = tasks[index]
        whole_count = count + (before is not None)
        whole_size = size + (before.tokens if before else 0)
        fits = (messages is None or whole_count <= messages) and (
            tokens is None or whole_size <= tokens
        )
        if fits:
            start = index
        elif (messages is not None and count > messages) or (tokens is not None and size > tokens):
            break
    return groups[max(start, 0) :], tasks[start] if groups else task


def _tasks(groups: list[Group], task: Group | None) -> list[Group | None]:
    """The user message to put before each group; None where the group begins with one."""
    needed: list[Group | None] = []
    for group in groups:
        if group.begins_with_user:
            task = group
            needed.append(None)
        else:
            needed.append(task)
    return needed


def _from_user(groups: list[Group], dropped: list[Dropped]) -> list[Group]:
    """The groups from the first user message on."""
    start = next(index for index, group in enumerate(groups) if group.begins_with_user)
    stays = {turn.message.seq for group in groups[start:] for turn in group.turns}
    missing = {
        turn.message.seq: turn.message.id for group in groups[:start] for turn in group.turns
    }
    dropped += [
        Dropped(seq, message_id, "before_first_user", whole=seq not in stays)
        for seq, message_id in missing.items()
    ]
    return groups[start:]


def _shortened(groups: Sequence[Group], room: int, dropped: list[Dropped]) -> list[Group]:
    """The groups with their largest texts cut when they exceed ``room`` tokens."""
    turns = [turn for group in groups for turn in group.turns]
    if sum(turn.tokens for turn in turns) <= room:
        return list(groups)
    sizes = [part_tokens(part) for turn in turns for part in turn.parts]
    most = share(sizes, room - PER_MESSAGE * len(turns))
    return [
        Group([_shortened_turn(turn, most, dropped) for turn in group.turns]) for group in groups
    ]


def _shortened_turn(turn: Turn, most: int, dropped: list[Dropped]) -> Turn:
    parts = [shorten(part, most) for part in turn.parts]
    cut = {
        index
        for index, before, after in zip(turn.indexes, turn.parts, parts, strict=True)
        if after is not before
    }
    if not cut:
        return turn
    dropped.append(Dropped(turn.message.seq, turn.message.id, "shortened", whole=False))
    tokens = PER_MESSAGE + sum(map(part_tokens, parts))
    return Turn(turn.message, parts, turn.indexes, tokens, frozenset(cut))
