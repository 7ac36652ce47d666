from __future__ import annotations

from msgspec import Struct


class Share(Struct, frozen=True):
    """A read-only link to one session; the secret in the link is kept as a digest."""

    id: str
    session_id: str
    digest: str
    created_by: str
    created_at: int
    expires_at: int
    revoked_at: int | None


class View(Struct, frozen=True):
    """A saved filter of the list; ``query`` is that of ``GET /v1/sessions``."""

    id: str
    name: str
    query: str
    created_at: int
