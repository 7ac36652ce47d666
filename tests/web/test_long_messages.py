"""A page with long messages holds nobody else up: Markdown is read on a thread."""

from __future__ import annotations

from hansard.access import Principal
from hansard.model import MessageDraft, SessionDraft
from hansard.model.parts import text_part
from hansard.service import Service
from tests.support.loop import watched
from tests.web.conftest import Reader

ANSWER = "**A step:** do `this`, then see [the notes](https://example.com/notes).\n\n" * 500
MOST = 0.15
"""Seconds of the processor; all of the Markdown takes about a second."""


async def test_long_answers_are_rendered_beside_others(
    reader: Reader, service: Service, principal: Principal
) -> None:
    await service.sessions.start(principal, SessionDraft(id="long"))
    texts = [f"{number} {ANSWER}" for number in range(20)]
    drafts = [MessageDraft(role="assistant", parts=text_part(text), text=text) for text in texts]
    await service.messages.append(principal, "long", drafts)
    await reader.get("/ui/sessions/long?tab=details&before=2")  # what loads at the first page
    async with watched() as longest:
        answer = await reader.get("/ui/sessions/long")
    assert answer.status_code == 200
    assert answer.text.count("<strong>A step:</strong>") == 20 * 500
    assert longest() < MOST
