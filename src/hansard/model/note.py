from __future__ import annotations

from msgspec import Struct

from hansard.model.units import Microseconds


class Note(Struct, frozen=True):
    """What a person says about a session, or about one of its messages."""

    id: str
    """`note_` and a UUID. Set by the server."""
    session_id: str
    """The session, by its UUID."""
    seq: int
    """The `seq` of the message; 0 for the session as a whole."""
    text: str
    """What was noted; 1–8,000 characters. Set by the caller."""
    author: str
    """Who says so; at most 256 characters. Set by the caller, by default the key's name."""
    created_by: str
    """The id of the key that wrote it. Set by the server."""
    created_at: Microseconds
    """When it was written. Set by the server."""
