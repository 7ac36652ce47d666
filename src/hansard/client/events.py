"""What happens in the workspace, without any input or output: server-sent events, and what to do when their stream breaks."""

from __future__ import annotations

from typing import Any

import msgspec

from hansard.client.errors import HansardError
from hansard.client.requests import Request, RetryPolicy, backoff, is_passing
from hansard.client.structs import Event

HELLO, RESYNC = "hello", "resync"
SILENCE = 45.0
"""Seconds without a line, three of the server's heartbeats, after which a stream is given up."""


def stream(after: int | None) -> Request[None]:
    """The stream of events behind one, or from now on."""
    headers = {"Accept": "text/event-stream"} | (
        {} if after is None else {"Last-Event-ID": str(after)}
    )
    return Request("GET", "/v1/events", lambda _: None, headers=headers)


class Reader:
    """Makes events of the lines of a stream. The first, of type ``hello``, says only that the stream has begun."""

    def __init__(self) -> None:
        self._fields: dict[str, str] = {}

    def feed(self, line: str) -> Event | None:
        """The event that this line completes."""
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
    """What to do when a stream breaks: how long to wait, or to give up.

    It never gives up once there was an answer; before, after as many tries as any request.
    """

    def __init__(self, habits: RetryPolicy) -> None:
        self._habits = habits
        self._tried = 0
        self._was_there = False

    def reset(self) -> None:
        """There was an answer."""
        self._tried, self._was_there = 0, True

    def judge(self, error: HansardError) -> None:
        """Raises an error that waiting does not mend."""
        if not is_passing(error) or (not self._was_there and self._tried >= self._habits.retries):
            raise error

    def pause(self) -> float:
        """Seconds until the next try."""
        self._tried += 1
        return backoff(self._tried - 1, self._habits.chance)


def concerns(event: Event, uid: str) -> bool:
    """Whether there may be news of the session after this event."""
    return event.type in {HELLO, RESYNC} or event.session_id == uid
