"""The fragment cache is exact by version and bounded by size."""

from __future__ import annotations

import msgspec
from msgspec import Raw

from hansard.access import Principal
from hansard.model import MessageQuery, SessionDraft
from hansard.service import Service
from hansard.service.fragments import Fragments, Projection, Stretch, Stretches
from hansard.service.rules import ref
from hansard.store.verbs.names import Standing, standing

SHOW = Projection("test", lambda session: {"title": session.title})


async def standing_of(service: Service, principal: Principal) -> Standing:
    """Of a new session, which stands as its own row says."""
    session, _ = await service.sessions.start(principal, SessionDraft(id="one", title="one"))
    found = await service.store.read(standing, ref(principal, "one"))
    assert (found.id, found.name, found.version, found.updated_at) == (session.id, "one", session.version, session.updated_at)
    return found


async def test_a_fragment_is_kept_until_its_version_changes(service: Service, principal: Principal) -> None:
    session, _ = await service.sessions.start(principal, SessionDraft(title="one"))
    fragments = Fragments()
    assert fragments.look_up("test", session.workspace_id, [(session.id, 1)]) == ({}, [session.id])
    fragments.keep(SHOW, session.workspace_id, [session])
    found, missing = fragments.look_up("test", session.workspace_id, [(session.id, 1)])
    assert (bytes(found[session.id]), missing) == (b'{"title":"one"}', [])
    for stale in (("test", "other", 1), ("other", session.workspace_id, 1), ("test", session.workspace_id, 2)):
        assert fragments.look_up(stale[0], stale[1], [(session.id, stale[2])])[1] == [session.id]


async def test_the_oldest_fragments_make_room(service: Service, principal: Principal) -> None:
    session, _ = await service.sessions.start(principal, SessionDraft(title="x" * 100))
    many = [msgspec.structs.replace(session, id=f"{number}") for number in range(50)]
    fragments = Fragments(limit=5000)
    fragments.keep(SHOW, session.workspace_id, many)
    found, missing = fragments.look_up("test", session.workspace_id, [(one.id, 1) for one in many])
    assert 0 < len(found) <= 12, "what the interpreter takes for each counts too"
    assert missing == [one.id for one in many[: len(missing)]]


async def test_a_stretch_is_kept_until_its_session_changes(service: Service, principal: Principal) -> None:
    session = await standing_of(service, principal)
    stretches, query = Stretches(limit=100_000), MessageQuery(limit=2)
    shown = Stretch([Raw(b'{"seq":1}')], more=False, last=1)
    stretches.keep("test", session, query, shown)
    assert stretches.look_up("test", session, query) is shown
    assert stretches.look_up("other", session, query) is None
    assert stretches.look_up("test", session, MessageQuery(limit=3)) is None
    for change in ({"version": 2}, {"updated_at": 7}, {"id": "other"}, {"workspace_id": "other"}):
        assert stretches.look_up("test", msgspec.structs.replace(session, **change), query) is None


async def test_the_oldest_stretches_make_room(service: Service, principal: Principal) -> None:
    session = await standing_of(service, principal)
    stretches, queries = Stretches(limit=20_000), [MessageQuery(after=number) for number in range(50)]
    for query in queries:
        stretches.keep("test", session, query, Stretch([Raw(b"x" * 500)], more=False, last=1))
    left = [query for query in queries if stretches.look_up("test", session, query)]
    assert left == queries[-len(left) :]
    assert 10 < len(left) < 25
    stretches.keep("test", session, queries[0], Stretch([Raw(b"x" * 2000)], more=False, last=1))
    assert stretches.look_up("test", session, queries[0]) is None, "one that would push out many others is not kept"
