"""A page of messages has a bound in bytes, and what goes on behind it begins exactly there."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from hansard.access import Principal
from hansard.model import MessageDraft, MessageQuery, SessionDraft
from hansard.model.page import PAGE_BYTES
from hansard.native.message_bodies import MESSAGE
from hansard.service import Service
from hansard.service.render_cache import Stretch
from hansard.store.steps import Query
from hansard.store.verbs import message_pages as pages

LENGTHS = (10, 3000, 10, 10, 700, 5000, 3000, 10, 3000, 3000, 10, 10)
ALL = list(range(1, len(LENGTHS) + 1))


def draft(length: int, role: Any = "user") -> MessageDraft:
    """What a machine would say: it cannot be packed."""
    text = Random(length).randbytes(length).hex()[:length]
    return MessageDraft(role=role, parts=text_part(text), text=text)


def text_part(text: str) -> Raw:
    return Raw(msgspec.json.encode([{"type": "text", "content": text}]))


@pytest.fixture
async def session(service: Service, principal: Principal) -> str:
    await service.sessions.start(principal, SessionDraft(id="s"))
    await service.messages.append(principal, "s", [draft(length) for length in LENGTHS])
    return "s"


async def shown(service: Service, principal: Principal, query: MessageQuery) -> Stretch:
    of = await service.messages.standing(principal, "s")
    return await service.messages.list_as(principal, of, query, MESSAGE)


def seqs_of(stretch: Stretch) -> list[int]:
    return [msgspec.json.decode(message)["seq"] for message in stretch.messages]


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("most", [1, 2000, 6000, 12_000, PAGE_BYTES])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
async def test_a_walk_shows_every_message_once_whatever_fits_into_a_page(
    service: Service, principal: Principal, most: int, descending: bool, backwards: bool
) -> None:
    """In both directions, in both orders.

    Twice, since the second walk finds what the first one rendered.
    """
    for _ in range(2):
        walked: list[int] = []
        query = MessageQuery(limit=5, most_bytes=most, descending=descending, newest=backwards)
        more = True
        while more:
            page = await shown(service, principal, query)
            seqs = seqs_of(page)
            assert seqs == sorted(seqs, reverse=descending)
            assert page.last == (min if backwards else max)(seqs)
            assert len(seqs) == 1 or sum(map(len, page.messages)) <= most
            walked += sorted(seqs, reverse=backwards)
            more = page.more
            direction = {"before": page.last} if backwards else {"after": page.last}
            query = msgspec.structs.replace(query, newest=False, **direction)
        assert walked == (ALL[::-1] if backwards else ALL)


@pytest.mark.usefixtures("session")
async def test_whole_messages_are_cut_as_well(service: Service, principal: Principal) -> None:
    walked: list[int] = []
    more, after = True, 0
    while more:
        _, messages, more = await service.messages.list(
            principal, "s", MessageQuery(limit=5, after=after, most_bytes=6000)
        )
        assert len(messages) == 1 or sum(len(message.parts) for message in messages) <= 6000
        walked += [message.seq for message in messages]
        after = walked[-1]
    assert walked == ALL


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize(
    ("most", "expected", "more"),
    [
        (1, [5], True),
        (1200, [4, 5], True),
        (7000, [4, 5, 6], True),
        (PAGE_BYTES, [4, 5, 6, 7], True),
    ],
)
async def test_around_a_message_the_nearest_stay(
    service: Service, principal: Principal, most: int, expected: list[int], more: bool
) -> None:
    query = MessageQuery(limit=4, around=5, most_bytes=most)
    page = await shown(service, principal, query)
    assert (seqs_of(page), page.more) == (expected, more)
    at_the_end = await shown(service, principal, MessageQuery(limit=4, around=12, most_bytes=1))
    assert (seqs_of(at_the_end), at_the_end.more) == ([12], False), "nothing lies behind it"
    _, messages, has_more = await service.messages.list(principal, "s", query)
    assert [message.seq for message in messages] == expected
    assert has_more == more


async def test_what_is_packed_counts_unpacked(service: Service, principal: Principal) -> None:
    """A megabyte that repeats itself takes a hundred bytes in the store."""
    await service.sessions.start(principal, SessionDraft(id="s"))
    text = "All the words of a long report. " * 30_000
    for _ in range(12):
        await service.messages.append(
            principal, "s", [MessageDraft(role="tool", parts=text_part(text), text=text)]
        )
    page = await shown(service, principal, MessageQuery(limit=50))
    assert 1 < len(page.messages) < 12
    assert sum(map(len, page.messages)) <= PAGE_BYTES
    assert page.more


async def test_a_deleted_message_ends_no_page(service: Service, principal: Principal) -> None:
    await service.sessions.start(principal, SessionDraft(id="s"))
    await service.messages.append(principal, "s", [draft(100) for _ in range(6)])
    for seq in (2, 3):
        of = await service.messages.standing(principal, "s")
        page = await service.messages.list_as(principal, of, MessageQuery(), MESSAGE)
        ident = msgspec.json.decode(page.messages[1])["id"]
        await service.messages.delete(principal, "s", ident)
        assert seq not in seqs_of(await shown(service, principal, MessageQuery()))
    assert seqs_of(await shown(service, principal, MessageQuery())) == [1, 4, 5, 6]


def test_no_more_is_read_than_what_was_asked_for() -> None:
    """Two messages at the ends of a long session are looked up.

    Those between them are not walked.
    """
    steps = pages.fetch("w", "s", [(1, 300), (40_000, 300)], PAGE_BYTES)
    queries: list[Query] = [next(steps)]
    queries.append(steps.send([]))
    with pytest.raises(StopIteration):
        steps.send([])
    values = queries[1].values
    assert {value for name, value in values.items() if name.startswith("seq_")} == {1, 40_000}
    assert values["limit"] == 2


def test_what_is_large_is_read_in_pieces_and_announced() -> None:
    steps = pages.fetch("w", "s", [(seq, 700_000) for seq in range(1, 4)], PAGE_BYTES)
    ahead = []
    query = next(steps)
    while True:
        ahead.append(getattr(query, "ahead", 0))
        try:
            query = steps.send([])
        except StopIteration:
            break
    assert ahead == [700_000, 0] * 3
