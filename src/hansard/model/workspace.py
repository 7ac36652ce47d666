from __future__ import annotations

from msgspec import Raw, Struct


class Workspace(Struct, frozen=True):
    """The tenant: owns keys and sessions, and bounds every query.

    ``settings`` is a JSON object of the workspace's own choices.
    """

    id: str
    name: str
    created_at: int
    settings: Raw
