"""Search finds the same on both backends, indexed or not yet, and nothing that is gone."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from msgspec import Raw

from hansard import byte_cache
from hansard.access import Principal
from hansard.app import opened
from hansard.errors import Invalid
from hansard.model import (
    MessageDraft,
    Results,
    SearchHit,
    SearchQuery,
    SessionDraft,
    SessionPatch,
)
from hansard.model.parts import text_part
from hansard.service import Service
from hansard.settings import Settings
from hansard.store.verbs import search as verbs
from hansard.store.verbs import search_question

WHEN = 1_700_000_000_000_000
TOOL_CALL = Raw(
    b'[{"type":"tool_call","id":"c","name":"lookup","arguments":{}},'
    b""
    b'{"type":"text","content":"looking it up"}]'
)
DIALOGUES = {
    "s0": ("I want a refund for my order", "Your refund is on its way. Refund in five days."),
    "s1": ("東京都に行く予定です", "承知しました、東京ですね"),
    "s2": ("Le café est fermé", "The café opens at noon"),
    "s3": ("the quick brown fox", "jumps over the lazy dog"),
    "s4": ("환불해 주세요", "네, 환불해 드리겠습니다"),
    "s5": ("order number 12345 is late", "I look into order 12345"),
}


def draft_of(text: str, role: str = "user", at: int | None = None) -> MessageDraft:
    return MessageDraft(role=role, parts=text_part(text), text=text, created_at=at)


async def fill(service: Service, principal: Principal) -> None:
    for number, (name, (question, answer)) in enumerate(DIALOGUES.items()):
        draft = SessionDraft(
            id=name,
            channel="web" if number % 2 else "api",
            user_id=f"u{number}",
            agent="ann",
            tags=["vip"] if number == 0 else [],
        )
        await service.sessions.start(principal, draft)
        await service.messages.append(
            principal,
            name,
            [draft_of(question, at=WHEN + number), draft_of(answer, "assistant", WHEN + number)],
        )
    tool = MessageDraft(
        role="assistant", parts=TOOL_CALL, text="looking it up", created_at=WHEN + 5
    )
    await service.messages.append(principal, "s5", [tool])


async def find(
    service: Service, principal: Principal, text: str, **more: object
) -> Results[SearchHit]:
    return await service.search.find(principal, SearchQuery(text=text, with_total=True, **more))  # type: ignore[arg-type]  # the fields of a query


async def names(service: Service, principal: Principal, text: str, **more: object) -> list[str]:
    return [item.session.name for item in (await find(service, principal, text, **more)).items]


QUESTIONS = {
    "refund": ["s0"],
    "REFUND order": ["s0"],
    "order": ["s5", "s0"],
    '"my order"': ["s0"],
    '"order my"': [],
    "ord*": ["s5", "s0"],
    "order -late": ["s5", "s0"],
    "order -12345": ["s0"],
    '-"the" role:user': ["s5", "s4", "s2", "s1", "s0"],
    "東京": ["s1"],
    "京都": ["s1"],
    "都": ["s1"],
    "東京ですね": ["s1"],
    "환불": ["s4"],
    "cafe": ["s2"],
    "CAFÉ noon": ["s2"],
    "the": ["s3", "s2"],
    "role:assistant order": ["s5"],
    "role:user order": ["s5", "s0"],
    "role:title order": ["s5", "s0"],
    "role:user,assistant order": ["s5", "s0"],
    "has:tool": ["s5"],
    "has:tool looking": ["s5"],
    "channel:web order": ["s5"],
    "channel:API,web order": ["s5", "s0"],
    "user:u0": ["s0"],
    "user:u0 nothing": [],
    "tag:vip": ["s0"],
    "agent:ann order tag:vip": ["s0"],
    "state:failed order": [],
    "kind:session lazy": ["s3"],
    "before:2023-01-01 order": [],
    "after:2023-01-01 order": ["s5", "s0"],
    "12345": ["s5"],
    "lookup": ["s5"],
    "tool:lookup": ["s5"],
    "tool:look*": ["s5"],
    "tool:other": [],
    "refunds": ["s0"],
    '"refunds"': [],
    "orders -late": ["s5", "s0"],
    "foxes OR cafes": ["s3", "s2"],
}


@pytest.mark.parametrize("indexed", [False, True], ids=["waiting", "indexed"])
async def test_every_question_has_its_answer(
    service: Service, principal: Principal, indexed: bool
) -> None:
    await fill(service, principal)
    if indexed:
        await service.indexer.catch_up()
    for question, expected in QUESTIONS.items():
        results = await find(service, principal, question)
        assert [item.session.name for item in results.items] == expected, question
        assert results.total == len(expected), question
        assert not results.total_is_lower_bound


@pytest.mark.parametrize("indexed", [False, True], ids=["waiting", "indexed"])
async def test_the_words_of_a_system_message_may_be_left_out_where_they_are_not_asked_for(
    service: Service, principal: Principal, indexed: bool
) -> None:
    await fill(service, principal)
    for name in DIALOGUES:
        await service.messages.append(
            principal, name, [draft_of("You are kind. A refund takes five days.", "system")]
        )
    if indexed:
        await service.indexer.catch_up()
    assert (await find(service, principal, "refund")).total == 6
    (result,) = (await find(service, principal, "refund", system=False)).items
    assert (result.session.name, result.matches, {snippet.role for snippet in result.snippets}) == (
        "s0",
        2,
        {"user", "assistant"},
    )
    everywhere = {
        "role:system refund": 6,
        "role:system": 6,
        "role:system,user refund": 6,
        "kind": 0,
        "role:tool": 0,
    }
    assert {
        question: (await find(service, principal, question, system=False)).total
        for question in everywhere
    } == everywhere


async def test_many_matches_are_walked_to_the_same_answers(
    service: Service, principal: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(service, principal)
    await service.indexer.catch_up()
    monkeypatch.setattr(search_question, "_MOST_HITS", 1)
    monkeypatch.setattr(search_question, "_FEW_SESSIONS", 0)
    for walked, probes, passes, at_once in (
        (1000, 10, 3, 4),
        (1000, 10, 3, 0),
        (1000, 0, 3, 4),
        (1000, 0, 0, 4),
        (-1, 10, 3, 4),
    ):
        monkeypatch.setattr(verbs, "_MOST_WALKED", walked)
        monkeypatch.setattr(search_question, "_MOST_PROBES", probes)
        monkeypatch.setattr(search_question, "_MOST_PASSES", passes)
        monkeypatch.setattr(search_question, "_AT_ONCE", at_once)
        for question, expected in QUESTIONS.items():
            byte_cache.clear()
            for _ in ("looked up", "known"):
                results = await find(service, principal, question)
                assert [item.session.name for item in results.items] == expected, question
                assert results.total == len(expected), question


async def test_snippets_show_the_words_and_where_they_are(
    service: Service, principal: Principal
) -> None:
    await fill(service, principal)
    (result,) = (await find(service, principal, "refund")).items
    assert result.matches == 2
    best = result.snippets[0]
    assert best.role == "assistant"
    assert [best.text[start:end] for start, end in best.highlights] == ["refund", "Refund"]
    assert result.session.title is not None
    assert [result.session.title[start:end] for start, end in result.title_highlights] == ["refund"]
    message = (await service.messages.read(principal, "s0", best.message_id))[1]
    assert message.seq == best.seq


async def test_a_long_message_shows_the_piece_with_the_word(
    service: Service, principal: Principal
) -> None:
    await service.sessions.start(principal, SessionDraft(id="long"))
    await service.messages.append(
        principal, "long", [draft_of("lorem ipsum " * 100 + "the needle, " + "dolor sit " * 100)]
    )
    (result,) = (await find(service, principal, "needle")).items
    (snippet,) = result.snippets
    assert len(snippet.text) <= 200
    assert [snippet.text[start:end] for start, end in snippet.highlights] == ["needle"]
    assert snippet.text.startswith("…")
    assert snippet.text.endswith("…")


async def test_what_is_deleted_or_renamed_is_gone(service: Service, principal: Principal) -> None:
    await fill(service, principal)
    await service.indexer.catch_up()
    _, message = await service.messages.read(
        principal, "s3", (await find(service, principal, "lazy")).items[0].snippets[0].message_id
    )
    await service.messages.delete(principal, "s3", message.id)
    assert await names(service, principal, "lazy") == []
    assert await names(service, principal, "quick") == ["s3"]
    await service.sessions.update(principal, "s3", SessionPatch(title="A slow turtle"))
    assert await names(service, principal, "turtle") == ["s3"]
    assert await names(service, principal, "role:title fox") == []
    await service.sessions.delete(principal, "s3")
    for word in ("quick", "turtle", "fox"):
        assert await names(service, principal, word) == []
    await service.indexer.catch_up()
    assert await names(service, principal, "quick") == []


async def test_deleting_what_is_not_indexed_yet_leaves_nothing(
    service: Service, principal: Principal
) -> None:
    await fill(service, principal)
    answer = (await find(service, principal, "lazy")).items[0].snippets[0]
    await service.messages.delete(principal, "s3", answer.message_id)
    await service.sessions.delete(principal, "s0")
    await service.indexer.catch_up()
    assert await names(service, principal, "lazy") == []
    assert await names(service, principal, "refund") == []


async def test_no_workspace_finds_another_s_words(service: Service, principal: Principal) -> None:
    await fill(service, principal)
    other = service.workspaces.operator(await service.workspaces.create(f"other-{random.random()}"))
    await service.sessions.start(other, SessionDraft(id="theirs"))
    await service.messages.append(other, "theirs", [draft_of("refund of another tenant")])
    for _ in range(2):
        assert await names(service, other, "refund") == ["theirs"]
        assert await names(service, principal, "refund") == ["s0"]
        await service.indexer.catch_up()


async def test_pages_hold_still_while_a_writer_runs(service: Service, principal: Principal) -> None:
    ids = []
    for number in range(30):
        session, _ = await service.sessions.start(principal, SessionDraft())
        await service.messages.append(principal, session.id, [draft_of(f"findme {number}")])
        ids.append(session.id)
    await service.indexer.catch_up()
    chance = random.Random(5)
    shown: list[str] = []
    cursor = None
    while True:
        page = await find(service, principal, "findme", limit=4, cursor=cursor)
        shown += [item.session.id for item in page.items]
        assert page.total == 30
        cursor = page.next_cursor
        if cursor is None:
            break
        await service.messages.append(
            principal, chance.choice(ids), [draft_of("and on it goes, findme")]
        )
        await service.indexer.catch_up()
    assert sorted(shown) == sorted(ids)


async def test_relevance_puts_first_what_is_about_it(
    service: Service, principal: Principal
) -> None:
    for name, text in (
        ("mentions", "lorem ipsum dolor " * 40 + "invoice"),
        ("about", "invoice: where is my invoice?"),
        ("other", "nothing here"),
    ):
        await service.sessions.start(principal, SessionDraft(id=name, title=name))
        await service.messages.append(principal, name, [draft_of(text)])
    assert await names(service, principal, "invoice", sort="relevance") == ["about", "mentions"]
    first = await find(service, principal, "invoice", sort="relevance", limit=1)
    rest = await find(
        service, principal, "invoice", sort="relevance", limit=1, cursor=first.next_cursor
    )
    assert [item.session.name for item in rest.items] == ["mentions"]
    assert rest.next_cursor is None


async def test_hostile_questions_are_only_questions(service: Service, principal: Principal) -> None:
    await fill(service, principal)
    await service.indexer.catch_up()
    chance = random.Random(1)
    alphabet = "\"'*():^-+&|!<>=_%\\;\x00\u202e{}[],.AND OR NOT NEAR refund:role"
    for _ in range(150):
        await find(service, principal, "".join(chance.choices(alphabet, k=chance.randrange(60))))
    for text in (
        "\x00",
        "'; drop table sessions; --",
        "search_index match",
        "a" * 256,
        "é" * 256,
        "(" * 256,
        '"' * 255,
        "* " * 128,
        "=u",
        "=x",
        "1_refund",
    ):
        assert (await find(service, principal, text)).items == []
    with pytest.raises(Invalid):
        await find(service, principal, "x" * 257)


async def test_more_than_so_many_are_not_counted(
    service: Service, principal: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(service, principal)
    await service.indexer.catch_up()
    monkeypatch.setattr(search_question, "_MOST_HITS", 1)
    monkeypatch.setattr(search_question, "_FEW_SESSIONS", 0)
    monkeypatch.setattr(verbs, "MOST_COUNTED", 3)
    results = await find(service, principal, "role:user")
    assert (results.total, results.total_is_lower_bound) == (3, True)


async def test_appends_are_found_while_the_index_is_fed(
    service: Service, principal: Principal
) -> None:
    await service.sessions.start(principal, SessionDraft(id="busy"))

    async def feed() -> None:
        while True:
            await service.indexer.catch_up()
            await asyncio.sleep(0)

    feeding = asyncio.create_task(feed())
    for number in range(40):
        await service.messages.append(principal, "busy", [draft_of(f"word{number} shared")])
        (result,) = (await find(service, principal, f"word{number}")).items
        assert result.matches == 1
    feeding.cancel()
    (result,) = (await find(service, principal, "shared")).items
    assert result.matches == 40


async def test_the_words_of_a_deleted_session_leave_the_file(tmp_path: Path) -> None:
    canary = "zebraquokkawombat"
    path = tmp_path / "hansard.db"
    async with opened(Settings(store=f"sqlite:///{path}")) as service:
        principal = service.workspaces.operator(await service.workspaces.create("acme"))
        for name in ("kept", "gone"):
            await service.sessions.start(principal, SessionDraft(id=name))
            await service.messages.append(
                principal,
                name,
                [
                    draft_of(canary if name == "gone" else "something else"),
                    draft_of("ok", "assistant"),
                ],
            )
        await service.indexer.catch_up()
        await service.sessions.delete(principal, "gone")
        await service.store.scrub(seconds=5)
    assert files_with(tmp_path, canary) == []


def files_with(folder: Path, word: str) -> list[str]:
    return [file.name for file in folder.iterdir() if word.encode() in file.read_bytes()]
