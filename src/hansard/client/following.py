"""Follow events and messages without end; a broken connection is resumed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from hansard.client import messages, sessions
from hansard.client.errors import HansardError
from hansard.client.events import HELLO, ReconnectPolicy, concerns, stream
from hansard.client.structs import Event, Message
from hansard.client.verbs import AsyncPages, Pages
from hansard.client.wire import AsyncWire, Wire


def follow_events(wire: Wire, after: int | None) -> Iterator[Event]:
    """The workspace's events after the id ``after``, else from now on."""
    reconnect = ReconnectPolicy(wire.policy)
    while True:
        try:
            for event in wire.events(stream(after)):
                after = event.id
                reconnect.reset()
                if event.type != HELLO:
                    yield event
        except HansardError as error:
            reconnect.check(error)
        wire.pause(reconnect.pause())


def tail(wire: Wire, session: str, after: str | int | None) -> Iterator[Message]:
    """The messages of a session after ``after``, else from now on; an event says when to look."""
    followed, reconnect = wire.send(sessions.read(session)), ReconnectPolicy(wire.policy)
    last = followed.last_seq if after is None else after
    while True:
        try:
            for event in wire.events(stream(None)):
                reconnect.reset()
                if concerns(event, followed.uid):
                    for message in Pages(wire, messages.listing(session, after=last)):
                        yield message
                        last = message.seq
        except HansardError as error:
            reconnect.check(error)
        wire.pause(reconnect.pause())


async def async_follow_events(wire: AsyncWire, after: int | None) -> AsyncGenerator[Event]:
    """As ``follow_events``."""
    reconnect = ReconnectPolicy(wire.policy)
    while True:
        try:
            async with aclosing(wire.events(stream(after))) as events:
                async for event in events:
                    after = event.id
                    reconnect.reset()
                    if event.type != HELLO:
                        yield event
        except HansardError as error:
            reconnect.check(error)
        await wire.pause(reconnect.pause())


async def async_tail(
    wire: AsyncWire, session: str, after: str | int | None
) -> AsyncGenerator[Message]:
    """As ``tail``."""
    followed = await wire.send(sessions.read(session))
    reconnect = ReconnectPolicy(wire.policy)
    last = followed.last_seq if after is None else after
    while True:
        try:
            async with aclosing(wire.events(stream(None))) as events:
                async for event in events:
                    reconnect.reset()
                    if concerns(event, followed.uid):
                        async for message in AsyncPages(
                            wire, messages.listing(session, after=last)
                        ):
                            yield message
                            last = message.seq
        except HansardError as error:
            reconnect.check(error)
        await wire.pause(reconnect.pause())
