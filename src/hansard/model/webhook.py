"""Webhooks: addresses that are told of what happens, and what they were told."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from hansard.model.units import Microseconds

TYPES = (
    "session.created",
    "session.updated",
    "session.deleted",
    "message.appended",
    "message.deleted",
    "run.started",
    "run.updated",
    "run.finished",
)
"""The types of events."""
TEST = "webhook.test"
"""The type of a delivery that somebody asked for to see whether an address answers."""
DeliveryState = Literal["pending", "delivered", "dead"]


class Webhook(Struct, frozen=True):
    """An address that gets the events of a workspace."""

    id: str
    """`wh_` and a UUID. Set by the server."""
    url: str
    """Where events are sent, by POST. Set by the caller."""
    types: tuple[str, ...]
    """The types of events that it gets; empty for all. Set by the caller."""
    cursor: int
    """The last event that was turned into deliveries."""
    created_at: Microseconds
    """When it was made."""
    disabled_at: Microseconds | None
    """When it answered 410 Gone, since when it gets nothing; null while it is in use."""


class Delivery(Struct, frozen=True):
    """One event on its way to a webhook."""

    id: str
    """`whd_` and a UUID; the header `webhook-id` of each try."""
    webhook_id: str
    """The webhook."""
    type: str
    """The type of the event, or `webhook.test`."""
    body: str
    """What is sent."""
    state: DeliveryState
    """`pending` while it is tried, `delivered` after an answer of 2xx, `dead` after the last
    try."""
    attempts: int
    """How often it was tried."""
    next_at: Microseconds | None
    """When it is tried again; null when it is over."""
    status: int | None
    """The HTTP status of the last answer; null without one."""
    error: str | None
    """Why the last try failed; null where it did not."""
    created_at: Microseconds
    """When the event was turned into a delivery."""
    updated_at: Microseconds
    """When it last changed."""

    @property
    def is_answered(self) -> bool:
        """Whether a try is over, however it went."""
        return self.status is not None or self.error is not None
