"""Behind a write of this very process nobody asks how far the workspace is; all else asks."""

from __future__ import annotations

import asyncio

from hansard.access import ALL_SCOPES, Principal
from hansard.app import opened
from hansard.model import MessageDraft, SessionDraft
from hansard.model.parts import text_part
from hansard.service import Service
from hansard.settings import Settings
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
    in_the_page = [] if watched.store.url.startswith("postgres") else is_asked
    async with client_of(watched, secret) as client, opened(Settings(store=store_url)) as another:

        async def listed(text: str, known: str = "") -> tuple[str, list[str]]:
            await asyncio.sleep(0)  # those of one turn of the event loop share what they asked
            recorder.statements.clear()
            answer = await client.get(LIST, headers={"If-None-Match": known} if known else {})
            if answer.status_code == 304:
                return "", [*recorder.statements]
            assert text in answer.json()["data"][0]["last_preview"]
            return answer.headers["etag"], [*recorder.statements]

        await say(watched, principal, "one")
        await listed("one")
        await say(watched, principal, "two")
        tag, statements = await listed("two")
        assert statements[: len(in_the_page) + 1] == [*in_the_page, "session_page"]
        assert (await listed("two"))[1] == is_asked
        assert await listed("two", tag) == ("", is_asked)
        await say(another, principal, "three")
        tag, statements = await listed("three", tag)
        assert statements[:2] == [*is_asked, "session_page"]
        await say(watched, principal, "four")
        await say(another, principal, "five")
        tag, statements = await listed("five", tag)
        assert statements[: len(in_the_page) + 1] == [*in_the_page, "session_page"]
        tag, statements = await listed("five")
        assert statements[0] == "generation_get"
        assert await listed("five", tag) == ("", is_asked)
