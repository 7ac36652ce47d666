from __future__ import annotations

from msgspec import Struct

from hansard.model.units import Microseconds


class Score(Struct, frozen=True):
    """What a person, or a judge, thinks of a session or a message: a named number or label."""

    id: str
    """`score_` and a UUID. Set by the server."""
    session_id: str
    """The session, by its UUID."""
    seq: int
    """The `seq` of the message; 0 for the session as a whole."""
    name: str
    """What is judged, such as `helpful`; 1–64 characters. Set by the caller."""
    value: float | None
    """The number, such as 1 or 0.4. Set by the caller."""
    label: str | None
    """The word, such as `rude`; at most 256 characters. Set by the caller."""
    comment: str | None
    """Why; at most 2,000 characters. Set by the caller."""
    author: str
    """Who judges; at most 256 characters. Set by the caller, by default the key's name."""
    created_by: str
    """The id of the key that wrote it. Set by the server."""
    created_at: Microseconds
    """When it was given, or last given anew. Set by the server."""
