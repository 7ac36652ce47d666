"""Many who take the last message away at once."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from hansard.access import Principal
from hansard.app import opened
from hansard.model import MessageDraft, SessionDraft
from hansard.model.parts import text_part
from hansard.model.rewind import Cut
from hansard.service import Service
from hansard.settings import Settings

MOST_MS = 250
"""What fifty of them may take of the processor, on the embedded store."""


async def fifty_pops(service: Service, principal: Principal) -> tuple[list[int], float]:
    """The numbers of the messages that went, and the milliseconds of the processor."""
    texts = [str(number) for number in range(60)]
    drafts = [MessageDraft(role="user", parts=text_part(text), text=text) for text in texts]
    await service.messages.append(principal, "s", drafts, start=SessionDraft())
    began = time.process_time()
    popped = await asyncio.gather(
        *(service.messages.rewind(principal, "s", Cut(count=1)) for _ in range(50))
    )
    took_ms = 1000 * (time.process_time() - began)
    return [message.seq for rewound in popped for message, _ in rewound.removed], took_ms


async def test_of_fifty_pops_at_once_each_takes_another_message(
    service: Service, principal: Principal
) -> None:
    removed, _ = await fifty_pops(service, principal)
    assert sorted(removed) == list(range(11, 61))


async def test_fifty_pops_at_once_take_a_quarter_of_a_second_of_work(tmp_path: Path) -> None:
    async with opened(Settings(store=f"sqlite:///{tmp_path / 'hansard.db'}")) as service:
        principal = service.workspaces.operator(await service.workspaces.create("w"))
        _, took_ms = await fifty_pops(service, principal)
    assert took_ms < MOST_MS
