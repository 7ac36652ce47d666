from __future__ import annotations

from msgspec import Struct


class Share(Struct, frozen=True):
    """A read-only link to one session; ``digest`` is that of the secret in the link.

    ``created_by`` is the id of the key that made it.
    """

    id: str
    session_id: str
    digest: str
    created_by: str
    created_at: int
    expires_at: int
    revoked_at: int | None
