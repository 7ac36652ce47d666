"""Documents: small bodies under a key of a session, an end user, an app or the workspace."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct

from hansard.model.item import Encoding
from hansard.model.units import Microseconds

Scope = Literal["session", "user", "app", "workspace"]
SCOPES: tuple[str, ...] = get_args(Scope)
KEY, BODY, TYPE = 512, 4 << 20, 128
"""The longest key and type, in characters, and the largest body, in bytes."""
AT_ONCE = 100
"""The most documents that one call sets or deletes."""


class DocumentRef(Struct, frozen=True, kw_only=True):
    """Which document: the ``key`` of a session, a user (of an app, or of none), an app, or none."""

    scope: Scope
    key: str
    session: str | None = None
    user: str | None = None
    app: str | None = None
    if_revision: int | None = None
    """Only where it is at this revision; 0 where there is none. None is whatever there is."""


class DocumentDraft(DocumentRef, frozen=True, kw_only=True):
    """A document to set: its ``body``, or with ``merge`` the names of an object to replace."""

    body: bytes
    encoding: Encoding = "json"
    type: str = "application/json"
    merge: bool = False
    expires_at: int | None = None


class Document(Struct, frozen=True):
    """A stored document."""

    scope: str
    """`session`, `user`, `app` or `workspace`: what it belongs to. Set by the caller."""
    owner: str
    """Whose it is within its scope, by our own name. Set by the server."""
    key: str
    """Its name, 1–512 characters, which may hold slashes. Set by the caller."""
    revision: int
    """From 1; grows with every change. Set by the server."""
    type: str
    """What its body is. Set by the caller; `application/json` by default, at most 128
    characters."""
    encoding: str
    """How its body is kept: as JSON text or as bytes."""
    size: int
    """The bytes of its body."""
    app: str | None
    """The application that it belongs to. Set by the caller, or by a key limited to one."""
    user_id: str | None
    """The end user that it belongs to. Set by the caller, or by a key limited to one."""
    session_id: str | None
    """The session that it belongs to. Set by the caller."""
    created_at: Microseconds
    """When it was first set. Set by the server."""
    updated_at: Microseconds
    """When it was last set. Set by the server."""
    expires_at: Microseconds | None
    """When it will be gone; never, where it is null. Set by the caller."""
    body: bytes | None = None
    """What it says; None where a list leaves it out."""
