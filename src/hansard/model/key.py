from __future__ import annotations

from msgspec import Struct


class Key(Struct, frozen=True):
    """A credential of a workspace as it is stored: the secret itself never is.

    ``user_id`` and ``app`` narrow what it sees to one end user or application.
    """

    id: str
    workspace_id: str
    name: str
    scopes: tuple[str, ...]
    digest: str
    user_id: str | None
    app: str | None
    created_at: int
    expires_at: int | None
    last_used_at: int | None
    revoked_at: int | None
    lifetime_us: int | None = None
    """How long it was made for, where a rotation has shortened that since; 0 for one without end.
    """

    @property
    def lifetime(self) -> int | None:
        """How long it was made for, in microseconds; None for one without an end."""
        if self.lifetime_us is not None:
            return self.lifetime_us or None
        return None if self.expires_at is None else self.expires_at - self.created_at
