from __future__ import annotations

from msgspec import Struct

from hansard.model.units import Microseconds, NanoDollars


class Rating(Struct, frozen=True):
    """The scores of one name."""

    name: str
    """What was judged."""
    count: int
    """How many scores there are."""
    average: float | None
    """The average of those that have a value; null without any."""


class UserProfile(Struct, frozen=True):
    """What a workspace holds of one end user."""

    user_id: str
    """The end user, by the application's id."""
    sessions: int
    """How many sessions the user has."""
    messages: int
    """How many messages they have."""
    input_tokens: int
    """Model tokens that they read."""
    output_tokens: int
    """Model tokens that they wrote."""
    cost_nanos: NanoDollars
    """What they cost."""
    first_at: Microseconds | None
    """When the first one began."""
    last_at: Microseconds | None
    """When the last one was active."""
    channels: list[str]
    """Where they came from, the most frequent first."""
    apps: list[str]
    """The applications that own them, the most frequent first."""
    agents: list[str]
    """The agents that answered, the most frequent first."""
    ratings: list[Rating]
    """The scores of the sessions and their messages, by name; at most 50 names."""
