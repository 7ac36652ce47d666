"""What the index has not seen is read for it in stretches, of many sessions at once."""

from __future__ import annotations

import random

import pytest

from hansard.access import Principal
from hansard.model import MessageDraft, SessionDraft
from hansard.model.parts import text_part
from hansard.model.search import SearchQuery
from hansard.service import Service
from hansard.store.verbs import indexing, unindexed
from tests.support.recorder import Recorder

LENGTHS = (0, 1, 7, 3, 0, 12, 2)


async def filled(service: Service, principal: Principal) -> dict[str, list[int]]:
    """Sessions of these lengths, each by its id with the ``seq`` of what was not deleted."""
    chance = random.Random(5)
    left: dict[str, list[int]] = {}
    for length in LENGTHS:
        session, _ = await service.sessions.start(principal, SessionDraft(title="A parcel"))
        drafts = [
            MessageDraft(role="user", parts=text_part(f"word {number}"), text=f"word {number}")
            for number in range(length)
        ]
        stored = (await service.messages.append(principal, session.id, drafts))[1] if drafts else []
        gone = [message for message in stored if chance.random() < 0.3]
        for message in gone:
            await service.messages.delete(principal, session.id, message.id)
        seqs = {message.seq for message in gone}
        left[session.id] = [seq for seq in range(1, length + 1) if seq not in seqs]
    return left


@pytest.mark.parametrize(
    ("messages", "size"), [(1, 10**6), (3, 10**6), (200, 1), (4, 100), (200, 10**6)]
)
async def test_stretches_of_any_size_lead_to_the_same_index(
    service: Service, principal: Principal, messages: int, size: int
) -> None:
    left = await filled(service, principal)
    workspace_id, store = principal.workspace_id, service.store
    read: dict[str, list[int]] = {ident: [] for ident in left}
    while unseen := await store.snapshot(unindexed.unseen, workspace_id, 500, messages, size):
        assert len(unseen.messages) <= messages
        within = [ident for ident in left if ident in unseen.reached]
        assert [each.session_id for each in unseen.sessions][: len(within)] == sorted(within)
        for message in unseen.messages:
            read[message.session_id].append(message.seq)
        documents = indexing.documents(unseen.messages)
        await store.write(indexing.write, unseen, documents)
    assert read == left
    hits = (await service.search.find(principal, SearchQuery(text="word", limit=100))).items
    assert {hit.session.id: hit.matches for hit in hits} == {
        ident: len(seqs) for ident, seqs in left.items() if seqs
    }
    titled = (await service.search.find(principal, SearchQuery(text="parcel", limit=100))).items
    assert {hit.session.id for hit in titled} == left.keys()


async def test_an_index_is_brought_up_to_date_by_few_statements(
    watched: Service, recorder: Recorder
) -> None:
    """However many sessions changed."""
    principal = watched.workspaces.operator(await watched.workspaces.create("acme"))
    await filled(watched, principal)
    await watched.indexer.catch_up()
    session, _ = await watched.sessions.start(principal, SessionDraft(title="A parcel"))
    await watched.messages.append(
        principal, session.id, [MessageDraft(role="user", parts=text_part("word"), text="word")]
    )
    recorder.statements.clear()
    await watched.indexer.catch_up()
    for_a_session = len(recorder.statements)
    await filled(watched, principal)
    recorder.statements.clear()
    await watched.indexer.catch_up()
    assert len(recorder.statements) == for_a_session
