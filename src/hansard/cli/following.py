"""New messages of a session as they arrive."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from hansard.cli import output, transcript
from hansard.model import Message, MessageQuery
from hansard.native.message_bodies import message_out

if TYPE_CHECKING:
    from hansard.access import Principal
    from hansard.service import Service

_PAUSE, _AT_ONCE = 0.4, 200


async def follow(
    service: Service, principal: Principal, session: str, *, last: int, endless: bool, jsonl: bool
) -> None:
    """Print the last messages, then later ones until interrupted.

    Raises NotFound when the session is deleted.
    """
    row, messages, _ = await service.messages.list(
        principal, session, MessageQuery(limit=last, newest=True)
    )
    at = row.last_seq
    _print(row.name, messages, jsonl=jsonl)
    generation = -1
    while endless:
        current = await service.sessions.generation(principal)
        if current != generation:
            generation = current
            _, messages, _ = await service.messages.list(
                principal, session, MessageQuery(limit=_AT_ONCE, after=at)
            )
            at = messages[-1].seq if messages else at
            _print(row.name, messages, jsonl=jsonl)
        await asyncio.sleep(0 if len(messages) == _AT_ONCE else _PAUSE)


def _print(name: str, messages: list[Message], *, jsonl: bool) -> None:
    for message in messages:
        if jsonl:
            output.line(message_out(name, message))
        else:
            click.echo("\n".join(transcript.lines(message)) + "\n")
