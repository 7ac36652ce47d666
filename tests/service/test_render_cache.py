"""The fragment cache is exact by version and bounded by size."""

from __future__ import annotations

import msgspec

from hansard import byte_cache
from hansard.access import Principal
from hansard.model import SessionDraft
from hansard.service import Service
from hansard.service.render_cache import Projection, RenderCache

SHOW = Projection("test", lambda session: {"title": session.title})


async def test_a_fragment_is_kept_until_its_version_changes(
    service: Service, principal: Principal
) -> None:
    session, _ = await service.sessions.start(principal, SessionDraft(title="one"))
    fragments = RenderCache("rendered")
    assert fragments.look_up("test", session.workspace_id, [(session.id, 1)]) == ({}, [session.id])
    fragments.keep(SHOW, session.workspace_id, [session], fragments.clearings)
    kept, missing = fragments.look_up("test", session.workspace_id, [(session.id, 1)])
    assert (bytes(kept[session.id]), missing) == (b'{"title":"one"}', [])
    for stale in (
        ("test", "other", 1),
        ("other", session.workspace_id, 1),
        ("test", session.workspace_id, 2),
    ):
        assert fragments.look_up(stale[0], stale[1], [(session.id, stale[2])])[1] == [session.id]


async def test_the_oldest_fragments_make_room(service: Service, principal: Principal) -> None:
    session, _ = await service.sessions.start(principal, SessionDraft(title="x" * 100))
    many = [msgspec.structs.replace(session, id=f"{number}") for number in range(50)]
    fragments = RenderCache("rendered", limit=20_000)
    fragments.keep(SHOW, session.workspace_id, many, fragments.clearings)
    kept, missing = fragments.look_up(
        "test", session.workspace_id, [(session.id, 1) for session in many]
    )
    assert 0 < len(kept) <= 30, "what the interpreter takes for each counts too"
    assert "49" in kept
    assert "0" in missing


async def test_what_was_read_before_a_deletion_is_not_kept(
    service: Service, principal: Principal
) -> None:
    session, _ = await service.sessions.start(principal, SessionDraft(title="one"))
    fragments = RenderCache("rendered")
    since = fragments.clearings
    byte_cache.forget(session.workspace_id)
    fragments.keep(SHOW, session.workspace_id, [session], since)
    assert fragments.look_up("test", session.workspace_id, [(session.id, 1)])[1] == [session.id]
