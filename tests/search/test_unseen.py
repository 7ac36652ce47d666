"""What the index has not seen yet is found as it stands, and read once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from hansard.access import Principal
from hansard.model import MessageDraft, MessageQuery, SearchQuery, SessionDraft
from hansard.model.parts import text_part
from hansard.service import Service
from hansard.store.verbs import search_unseen


@pytest.fixture
def documents(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The ``seq`` of the messages whose words are read; a read may be begun twice."""
    read = set[int]()
    document: Callable[[Any], str] = search_unseen._document

    def noted(message: Any) -> str:
        read.add(message.seq)
        return document(message)

    monkeypatch.setattr(search_unseen, "_document", noted)
    return read


async def say(service: Service, principal: Principal, session: str, *texts: str) -> None:
    drafts = [MessageDraft(role="user", parts=text_part(text), text=text) for text in texts]
    await service.messages.append(principal, session, drafts)


async def names_for(service: Service, principal: Principal, text: str) -> list[str]:
    results = await service.search.find(principal, SearchQuery(text=text))
    return [hit.session.name for hit in results.items]


async def test_a_search_behind_a_write_reads_what_was_written(
    service: Service, principal: Principal, documents: set[int]
) -> None:
    for name in ("one", "two"):
        await service.sessions.start(principal, SessionDraft(id=name))
        await say(service, principal, name, "A late parcel", "Another late parcel")
    assert await names_for(service, principal, "parcel") == ["two", "one"]
    assert documents == {1, 2}
    documents.clear()
    assert await names_for(service, principal, "late -gone") == ["two", "one"]
    assert documents == set()
    await service.sessions.start(principal, SessionDraft(id="three"))
    await say(service, principal, "three", "The parcel is gone")
    assert await names_for(service, principal, "parcel") == ["three", "two", "one"]
    assert documents == {1}


async def test_the_words_of_a_title_that_waits_follow_it(
    service: Service, principal: Principal
) -> None:
    await service.sessions.start(principal, SessionDraft(id="one", title="A broken lamp"))
    assert await names_for(service, principal, "lamp") == ["one"]
    await say(service, principal, "one", "It does not shine")
    assert await names_for(service, principal, "lamp") == ["one"]
    assert await names_for(service, principal, "shine") == ["one"]
    await service.indexer.catch_up()
    assert await names_for(service, principal, "lamp") == ["one"]


async def test_words_that_are_gone_are_not_found(service: Service, principal: Principal) -> None:
    await service.sessions.start(principal, SessionDraft(id="one"))
    await say(service, principal, "one", "My secret", "My parcel")
    assert await names_for(service, principal, "secret") == ["one"]
    _, messages, _ = await service.messages.list(principal, "one", MessageQuery())
    await service.messages.delete(principal, "one", messages[0].id)
    assert await names_for(service, principal, "secret") == []
    await service.sessions.delete(principal, "one")
    assert await names_for(service, principal, "parcel") == []
    await service.sessions.start(principal, SessionDraft(id="one"))
    await say(service, principal, "one", "My lamp", "My chair")
    assert await names_for(service, principal, "parcel") == []
    assert await names_for(service, principal, "chair") == ["one"]


async def test_what_one_search_may_not_read_is_read_by_the_next(
    service: Service, principal: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_unseen, "_MOST_BYTES", 100)
    names = ["one", "two", "three", "four", "five", "six"]
    for name in names:
        await service.sessions.start(principal, SessionDraft(id=name))
        await say(service, principal, name, "Good day", "A parcel")
    first = await names_for(service, principal, "parcel")
    assert 1 <= len(first) < len(names)
    for _ in names:
        await names_for(service, principal, "parcel")
    assert await names_for(service, principal, "parcel") == names[::-1]


async def test_an_append_to_a_long_session_lets_the_words_before_it_stand(
    service: Service, principal: Principal, monkeypatch: pytest.MonkeyPatch, documents: set[int]
) -> None:
    monkeypatch.setattr(search_unseen, "_BLOCK", 4)
    await service.sessions.start(principal, SessionDraft(id="one"))
    await say(service, principal, "one", *[f"Parcel {number}" for number in range(1, 11)])
    (hit,) = (await service.search.find(principal, SearchQuery(text="parcel"))).items
    assert hit.matches == 10
    documents.clear()
    await say(service, principal, "one", "Parcel 11")
    (hit,) = (await service.search.find(principal, SearchQuery(text="parcel"))).items
    assert hit.matches == 11
    assert documents == {8, 9, 10, 11}
    assert {snippet.seq for snippet in hit.snippets} == {9, 10, 11}


async def test_the_words_of_another_workspace_are_not_compared(
    service: Service, principal: Principal
) -> None:
    await service.sessions.start(principal, SessionDraft(id="one"))
    await say(service, principal, "one", "My secret")
    assert await names_for(service, principal, "secret") == ["one"]
    other = msgspec.structs.replace(principal, workspace_id=principal.workspace_id[::-1])
    assert await names_for(service, other, "secret") == []
