"""A text is looked for in all sessions, a few messages of each at a time."""

from __future__ import annotations

from hansard.access import Principal
from hansard.model import MessageDraft, SessionDraft, SessionFilter
from hansard.model.page import PAGE_BYTES
from hansard.model.parts import text_part
from hansard.service import Service


async def fill(service: Service, principal: Principal, name: str, texts: list[str]) -> None:
    await service.sessions.start(principal, SessionDraft(id=name))
    drafts = [MessageDraft(role="user", parts=text_part(text), text=text) for text in texts]
    await service.messages.append(principal, name, drafts)


async def test_a_text_is_found_behind_messages_whose_json_alone_has_it(
    service: Service, principal: Principal
) -> None:
    """Every message has the word in its JSON, where the name of a field is the same."""
    await fill(service, principal, "late", ["hello"] * 45 + ["the Content of a box", "content"])
    await fill(service, principal, "early", ["content", "content"])
    await fill(service, principal, "never", ["hello"] * 45)
    found = await service.transcripts.mentions(
        principal, "content", 10, lambda session, message: (session.name, message.seq)
    )
    assert found == [("early", 1), ("late", 46)]


async def test_the_newest_messages_of_several_sessions_fit_a_page(
    service: Service, principal: Principal
) -> None:
    """Those that would go beyond it are left out, the oldest first, however well they pack."""
    for name in ("a", "b"):
        await fill(service, principal, name, [f"{name}{number} " * 500_000 for number in range(4)])
    _, newest = await service.transcripts.newest(principal, SessionFilter(), 100)
    assert sum(len(message.parts) for message in newest) <= PAGE_BYTES
    assert [message.seq for message in newest] == [4, 1, 2, 3, 4]
