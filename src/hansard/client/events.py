"""Server-sent events without any input or output, and when to reconnect their stream."""

from __future__ import annotations

from typing import Any

import msgspec

from hansard.client.errors import HansardError
from hansard.client.requests import Request, RetryPolicy, backoff, is_transient
from hansard.client.structs import Event

HELLO, RESYNC = "hello", "resync"
SILENCE = 45.0
"""Seconds without a line after which a stream counts as broken: three heartbeats of the server."""


def stream(after: int | None) -> Request[None]:
    """The stream of the events after one, or from now on."""
    headers = {"Accept": "text/event-stream"} | (
        {} if after is None else {"Last-Event-ID": str(after)}
    )
    return Request("GET", "/v1/events", lambda _: None, headers=headers)


class Reader:
    """Parses the lines of a stream into events.

    The first event, of type ``hello``, says that the stream has begun.
    """

    def __init__(self) -> None:
        self._fields: dict[str, str] = {}

    def feed(self, line: str) -> Event | None:
        """The event that this line completes, None when it completes none."""
        if line:
            name, _, value = line.partition(":")
            self._fields[name] = value.removeprefix(" ")
            return None
        fields, self._fields = self._fields, {}
        if not fields.get("id", "").isdigit():
            return None
        data: dict[str, Any] = msgspec.json.decode(fields.get("data", "{}"))
        return Event.of({"type": fields.get("event", "message"), **data, "id": int(fields["id"])})


class ReconnectPolicy:
    """How long to wait before a broken stream is opened again, and when to give up.

    It gives up after as many tries as any request, and never once the server has answered.
    """

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._tries = 0
        self._has_answered = False

    def reset(self) -> None:
        """Note that the server answered."""
        self._tries, self._has_answered = 0, True

    def check(self, error: HansardError) -> None:
        """Raise an error that waiting does not mend."""
        has_tries = self._has_answered or self._tries < self._policy.retries
        if not is_transient(error) or not has_tries:
            raise error

    def pause(self) -> float:
        """Seconds until the next try."""
        self._tries += 1
        return backoff(self._tries - 1, self._policy.chance)


def concerns(event: Event, uid: str) -> bool:
    """Whether the session may have new messages after this event."""
    return event.type in {HELLO, RESYNC} or event.session_id == uid
