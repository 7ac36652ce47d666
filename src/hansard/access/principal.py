from __future__ import annotations

from hashlib import blake2b

from msgspec import Struct

from hansard.errors import Forbidden

SCOPES = {
    "sessions:read": "list, read and search sessions, messages and runs",
    "sessions:write": "create and change sessions, append messages, report runs",
    "sessions:delete": (
        "delete sessions and messages, erase end users, set how long sessions are kept"
    ),
    "keys:admin": "create, rotate and revoke keys of the workspace, and manage its webhooks",
    "export": "export whole transcripts in bulk",
    "audit:read": "read the audit log",
    "metrics:read": "read the server's metrics, across all workspaces",
    "workspaces:admin": "create, rename and delete any workspace",
}
ALL_SCOPES = tuple(SCOPES)


class Principal(Struct, frozen=True):
    """The authenticated caller. The workspace comes from here and from nowhere else.

    ``user_id`` and ``app`` narrow what it sees to one end user or application. With ``file_safe``
    it may name a session by its id with ``_`` for ``:`` and ``/``.
    """

    workspace_id: str
    workspace_name: str
    key_id: str
    scopes: frozenset[str]
    user_id: str | None = None
    app: str | None = None
    file_safe: bool = False

    @property
    def narrowing(self) -> str:
        """A digest of the principal's end user and app; empty without a narrowing."""
        if self.user_id is None and self.app is None:
            return ""
        return blake2b(repr((self.user_id, self.app)).encode(), digest_size=8).hexdigest()

    def is_of(self, workspace: str) -> bool:
        """Whether ``workspace`` is this one's id, with or without ``ws_``, or its name."""
        return workspace in {self.workspace_id, f"ws_{self.workspace_id}", self.workspace_name}

    def require(self, scope: str) -> None:
        """Raise Forbidden, naming the scope, when the key lacks it."""
        if scope not in self.scopes:
            raise Forbidden(
                f"API key missing required scope: {scope}", code="missing_scope", scope=scope
            )
