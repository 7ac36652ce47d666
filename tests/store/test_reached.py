"""Behind a write of this very process nobody asks how far the workspace is; all else asks."""

from __future__ import annotations

import asyncio

from hansard.access import ALL_SCOPES, Principal
from hansard.app import opened
from hansard.errors import Conflict
from hansard.model import MessageDraft, SessionDraft
from hansard.model.parts import text_part
from hansard.service import Service
from hansard.settings import Settings
from hansard.store.steps import Steps
from hansard.store.verbs.events import happened
from tests.conftest import client_of
from tests.support.recorder import Recorder

LIST = "/v1/sessions?total=true"


async def say(service: Service, principal: Principal, text: str) -> None:
    draft = MessageDraft(role="user", parts=text_part(text), text=text)
    await service.messages.append(principal, "a", [draft])


async def test_a_list_shows_every_write_whoever_made_it(
    watched: Service, store_url: str, recorder: Recorder
) -> None:
    workspace = await watched.workspaces.create("acme")
    principal = watched.workspaces.operator(workspace)
    await watched.sessions.start(principal, SessionDraft(id="a"))
    secret, _ = await watched.keys.create(principal, "tests", ALL_SCOPES)
    is_asked = ["generation_get"]
    async with client_of(watched, secret) as client, opened(Settings(store=store_url)) as another:

        async def listed(text: str, known: str = "") -> tuple[str, list[str]]:
            await asyncio.sleep(0)  # those of one turn of the event loop share what they asked
            recorder.statements.clear()
            answer = await client.get(LIST, headers={"If-None-Match": known} if known else {})
            ours = ("session_", "generation_")
            statements = [name for name in recorder.statements if name.startswith(ours)]
            if answer.status_code == 304:
                return "", statements
            assert text in answer.json()["data"][0]["last_preview"]
            return answer.headers["etag"], statements

        await say(watched, principal, "one")
        await listed("one")
        await say(watched, principal, "two")
        tag, statements = await listed("two")
        assert statements[0] == "session_changed"
        assert (await listed("two"))[1] == is_asked
        assert await listed("two", tag) == ("", is_asked)
        await say(another, principal, "three")
        tag, statements = await listed("three", tag)
        assert statements[:2] == [*is_asked, "session_changed"]
        await say(watched, principal, "four")
        await say(another, principal, "five")
        tag, statements = await listed("five", tag)
        assert statements[0] == "session_changed"
        tag, statements = await listed("five")
        assert statements[0] == "generation_get"
        assert await listed("five", tag) == ("", is_asked)


async def test_what_was_rolled_back_is_not_reached(service: Service, principal: Principal) -> None:
    """Also where the same commit has what others wrote."""
    others = [
        service.workspaces.operator(await service.workspaces.create(f"beside-{number}"))
        for number in range(8)
    ]
    await service.sessions.start(principal, SessionDraft(id="a"))
    before = await service.sessions.generation(principal)

    def refused() -> Steps[None]:
        yield from happened(principal.workspace_id, "session.updated", "a", at=1)
        raise Conflict("this is not to be")

    refusals = [service.store.write(refused) for _ in others]
    writes = [service.sessions.start(each, SessionDraft(id="b")) for each in others]
    done = await asyncio.gather(*refusals, *writes, return_exceptions=True)
    assert [isinstance(each, Conflict) for each in done] == [True] * 8 + [False] * 8
    assert service.sessions.reached(principal) in (None, before)
    assert await service.sessions.generation(principal) == before
