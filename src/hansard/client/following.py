"""Follow what happens, for ever: a broken connection is taken up again where it broke."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from hansard.client import messages, sessions
from hansard.client.errors import HansardError
from hansard.client.events import HELLO, ReconnectPolicy, concerns, stream
from hansard.client.structs import Event, Message
from hansard.client.verbs import AsyncPages, Pages
from hansard.client.wire import AsyncWire, Wire


def happenings(wire: Wire, after: int | None) -> Iterator[Event]:
    """What happens in the workspace behind the event with the id ``after``, else from now on."""
    calm = ReconnectPolicy(wire.habits)
    while True:
        try:
            for event in wire.events(stream(after)):
                after = event.id
                calm.reset()
                if event.type != HELLO:
                    yield event
        except HansardError as error:
            calm.judge(error)
        wire.pause(calm.pause())


def tail(wire: Wire, session: str, after: str | int | None) -> Iterator[Message]:
    """The messages of a session behind ``after``, else from now on; an event only says when to look."""
    found, calm = wire.send(sessions.read(session)), ReconnectPolicy(wire.habits)
    place = found.last_seq if after is None else after
    while True:
        try:
            for event in wire.events(stream(None)):
                calm.reset()
                if concerns(event, found.uid):
                    for message in Pages(wire, messages.listing(session, after=place)):
                        yield message
                        place = message.seq
        except HansardError as error:
            calm.judge(error)
        wire.pause(calm.pause())


async def async_happenings(wire: AsyncWire, after: int | None) -> AsyncGenerator[Event]:
    """As ``happenings``."""
    calm = ReconnectPolicy(wire.habits)
    while True:
        try:
            async with aclosing(wire.events(stream(after))) as events:
                async for event in events:
                    after = event.id
                    calm.reset()
                    if event.type != HELLO:
                        yield event
        except HansardError as error:
            calm.judge(error)
        await wire.pause(calm.pause())


async def async_tail(
    wire: AsyncWire, session: str, after: str | int | None
) -> AsyncGenerator[Message]:
    """As ``tail``."""
    found, calm = await wire.send(sessions.read(session)), ReconnectPolicy(wire.habits)
    place = found.last_seq if after is None else after
    while True:
        try:
            async with aclosing(wire.events(stream(None))) as events:
                async for event in events:
                    calm.reset()
                    if concerns(event, found.uid):
                        async for message in AsyncPages(
                            wire, messages.listing(session, after=place)
                        ):
                            yield message
                            place = message.seq
        except HansardError as error:
            calm.judge(error)
        await wire.pause(calm.pause())
