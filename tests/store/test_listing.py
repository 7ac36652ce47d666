"""A filtered list shows what its filter says, in its order, whichever index leads to it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from hansard.access import Principal
from hansard.model import MessageDraft, Session, SessionDraft, SessionFilter, SessionQuery
from hansard.model.parts import text_part
from hansard.model.session import SORTS
from hansard.service import Service
from hansard.store.verbs import index_choice

CHANNELS, AGENTS, TAGS = ("web", "api", "email"), ("ann", "bob"), ("vip", "late")


async def fill(service: Service, principal: Principal) -> list[Session]:
    chance = random.Random(3)
    sessions = []
    for number in range(40):
        draft = SessionDraft(
            title=f"Order {chance.randrange(30)}" if number % 4 else None,
            channel=chance.choice(CHANNELS),
            agent=chance.choice(AGENTS),
            tags=chance.sample(TAGS, chance.randrange(3)),
            user_id=f"u{chance.randrange(5)}",
            kind="task" if number % 7 == 0 else "session",
            created_at=1_700_000_000_000_000 + chance.randrange(1000) * 1_000_000,
        )
        session, _ = await service.sessions.start(principal, draft)
        if number % 2:
            message_draft = MessageDraft(
                role="user", parts=text_part("hi"), text="hi", created_at=draft.created_at
            )
            await service.messages.append(principal, session.id, [message_draft])
        if number % 5 == 0:
            await service.sessions.end(principal, session.id)
        if number % 9 == 0:
            await service.sessions.archive(principal, session.id)
        sessions.append(await service.sessions.read(principal, session.id))
    return sessions


def random_filter(chance: random.Random) -> SessionFilter:
    """A filter of one to three fields."""
    possible: dict[str, Any] = {
        "channel": tuple(chance.sample(CHANNELS, chance.randrange(1, 3))),
        "agent": (chance.choice(AGENTS),),
        "tag": tuple(chance.sample(TAGS, chance.randrange(1, 3))),
        "user_id": (f"u{chance.randrange(5)}",),
        "kind": (chance.choice(("task", "session")),),
        "branch": tuple(chance.sample((0, 1, 2), 2)),
        "state": (chance.choice(("completed", "failed")),),
        "archived": chance.choice((True, False)),
        "ended": chance.choice((True, False)),
        "has_messages": chance.choice((True, False)),
        "title": chance.choice(("order", "1", "RDER 2", "%")),
        "created_from": 1_700_000_000_000_000 + chance.randrange(1000) * 1_000_000,
        "active_until": 1_700_000_000_000_000 + chance.randrange(1000) * 1_000_000,
    }
    return SessionFilter(
        **{
            field: possible[field]
            for field in chance.sample(sorted(possible), chance.randrange(1, 4))
        }
    )


def lets_through(filters: SessionFilter, session: Session) -> bool:
    tags = bytes(session.tags).decode()
    checks: dict[str, Callable[[Any], bool]] = {
        "tag": lambda value: any(f'"{tag}"' in tags for tag in value),
        "archived": lambda value: (session.archived_at is not None) == value,
        "ended": lambda value: (session.ended_at is not None) == value,
        "has_messages": lambda value: (session.message_count > 0) == value,
        "title": lambda value: value.casefold() in (session.title or "").casefold(),
        "created_from": lambda value: session.created_at >= value,
        "active_until": lambda value: session.active_at <= value,
    }
    values = {
        field: value
        for field in filters.__struct_fields__
        if (value := getattr(filters, field)) not in ((), None)
    }
    return all(
        checks[field](value) if field in checks else getattr(session, field) in value
        for field, value in values.items()
    )


def ordered(sessions: list[Session], sort: str) -> list[str]:
    field = sort.removeprefix("-")
    if field == "title":
        titled = sorted(
            (session for session in sessions if session.title),
            key=lambda session: ((session.title or "").casefold(), session.id),
            reverse=sort != field,
        )
        return [
            session.id
            for session in (
                *titled,
                *sorted(
                    (session for session in sessions if not session.title),
                    key=lambda session: session.id,
                    reverse=sort != field,
                ),
            )
        ]
    return [
        session.id
        for session in sorted(
            sessions,
            key=lambda session: (getattr(session, field), session.id),
            reverse=sort != field,
        )
    ]


@pytest.mark.parametrize(
    "at_once", [index_choice.SORTED_AT_ONCE, -1], ids=["the filter leads", "the order leads"]
)
async def test_every_filter_and_order_shows_what_it_says(
    service: Service, principal: Principal, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(index_choice, "SORTED_AT_ONCE", at_once)
    sessions = await fill(service, principal)
    chance = random.Random(11)
    for _ in range(120):
        filters, sort = random_filter(chance), chance.choice(SORTS)
        page = await service.sessions.list(
            principal,
            SessionQuery(filter=filters, sort=sort, limit=100, with_total=True),  # type: ignore[arg-type]  # SORTS are strings
        )
        expected = ordered(
            [session for session in sessions if lets_through(filters, session)], sort
        )
        assert [item.id for item in page.items] == expected, (filters, sort)
        assert page.total == len(expected)


def test_a_title_of_no_letters_is_no_filter() -> None:
    plan = index_choice.loosened("w", SessionFilter(branch=(0,), title=""), "-active_at")
    with pytest.raises(StopIteration) as decided:  # without asking anything
        next(plan)
    assert not decided.value.value
