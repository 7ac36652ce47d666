"""The benchmark's data is the same for the same seed.

It is skewed as promised, and made of text as people write it.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from random import Random

import msgspec

from hansard_bench.records import MARKED, MARKED_WORD, PLANS, Maker, Plan
from hansard_bench.vocabulary import LANGUAGES, Prose

TINY = Plan(sessions=400, messages=2_000, workspaces=8, giants=(300,))


def test_the_same_seed_makes_the_same_records_and_another_does_not() -> None:
    first, again, other = (
        msgspec.json.encode(list(Maker(plan)))
        for plan in (TINY, TINY, msgspec.structs.replace(TINY, seed=2))
    )
    assert first == again
    assert first != other


def test_the_largest_workspace_has_a_fifth_and_every_session_is_there_once() -> None:
    records = list(Maker(TINY))
    assert len({record.id for record in records}) == len(records) == TINY.sessions
    assert Counter(record.workspace for record in records)[0] == TINY.sessions // 5
    assert set(Counter(record.workspace for record in records)) == set(range(TINY.workspaces))


def test_giants_are_where_the_maker_says() -> None:
    maker = Maker(TINY)
    by_id = {record.id: record for record in maker.of_workspace(0)}
    assert [
        (len(by_id[ident].messages), ident) for _, ident in maker.giant_ids()
    ] == maker.giant_ids()


def test_messages_come_to_the_number_that_was_planned() -> None:
    plan = Plan(sessions=4_000, messages=20_000, workspaces=4)
    assert abs(sum(len(record.messages) for record in Maker(plan)) / plan.messages - 1) < 0.05


def test_messages_are_in_order_of_time_and_tools_are_answered() -> None:
    for record in islice(Maker(TINY), 200):
        times = [message.created_at for message in record.messages]
        assert times == sorted(times)
        assert record.updated_at == times[-1]
        calls = [
            part["id"]
            for message in record.messages
            for part in message.parts
            if part["type"] == "tool_call"
        ]
        answers = [
            part["id"]
            for message in record.messages
            for part in message.parts
            if part["type"] == "tool_call_response"
        ]
        assert calls == answers


def test_as_many_sessions_are_marked_in_a_store_of_any_size() -> None:
    for plan in (PLANS["tinier"], PLANS["tiny"], TINY):
        records = list(Maker(plan))
        marked = [record for record in records if MARKED_WORD in record.title]
        assert len(marked) == MARKED
        assert {record.workspace for record in marked} == {0}
        mentioned = [record for record in records if MARKED_WORD in str(record.messages).lower()]
        assert mentioned == marked


def test_the_common_word_is_common_and_the_rare_one_rare() -> None:
    maker = Maker(PLANS["10k"])
    texts = [
        f" {message.text.lower()}"
        for record in maker.of_workspace(0)
        for message in record.messages
    ]
    assert sum(f" {maker.common_word}" in text for text in texts) > len(texts) / 100
    assert 0 < sum(f" {maker.rare_word}" in text for text in texts) < len(texts) / 1_000


def test_every_language_makes_sentences() -> None:
    for language in LANGUAGES:
        piece = Prose(language, 2_000, Random(1)).piece(0.5, 3)
        assert piece.endswith((language.stop.strip(), language.question.strip()))
