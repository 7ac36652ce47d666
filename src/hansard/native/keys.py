"""``/v1/keys``: create, list, rotate, revoke the keys of the caller's workspace."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from hansard.http.call import Call
from hansard.http.fields import Time, us
from hansard.http.route import Route
from hansard.model import Key
from hansard.model.times import Moment, rfc3339, rfc3339_or_none
from hansard.native.schemas import HasMore, Json, NextCursor
from hansard.service.keys import DEFAULT_SCOPES


class KeyOut(Struct, frozen=True, kw_only=True):
    """A key of the workspace. Its text is not stored."""

    example: ClassVar[Json] = {
        "id": "7fK2mQ9x",
        "name": "worker",
        "scopes": ["sessions:read", "sessions:write"],
        "user": None,
        "app": None,
        "created_at": "2026-01-30T09:30:00Z",
        "expires_at": "2026-12-31T00:00:00Z",
        "last_used_at": "2026-01-31T09:30:00Z",
        "revoked_at": None,
        "key": "hsd_7fK2mQ9x_…",
    }

    id: str
    """The eight characters after `hsd_` in the key. Set by the server."""
    name: str
    """What the key is for; at most 256 characters."""
    scopes: list[str]
    """What the key may do; see the reference of scopes."""
    user: str | None
    """The only end user whose sessions the key sees; null for all."""
    app: str | None
    """The only application whose sessions the key sees; null for all."""
    created_at: Time
    """When it was made."""
    expires_at: Time | None
    """When it ends by itself; null for never."""
    last_used_at: Time | None
    """When it was last used, to within some minutes; null if never."""
    revoked_at: Time | None
    """When it was revoked, or ends after it was rotated; null otherwise."""
    key: str | UnsetType = UNSET
    """The text of the key, to be kept secret. Shown once, when the key is made."""


class KeyIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to make. It can do no more than the key that makes it."""

    described_by: ClassVar[type[Struct]] = KeyOut
    example: ClassVar[Json] = {
        "name": "worker",
        "scopes": ["sessions:read", "sessions:write"],
    }

    name: str
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    expires_at: Moment | None = None
    """When it ends by itself; never by default."""
    user: str | None = None
    """The only end user whose sessions it sees; by default the one of the key that makes it."""
    app: str | None = None
    """The only application whose sessions it sees; by default that of the key that makes it."""


class RotateIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a key gives way to another."""

    example: ClassVar[Json] = {"grace_seconds": 3600}

    grace_seconds: Annotated[float, Meta(ge=0, le=30 * 86_400)] = 86_400
    """Seconds for which the old key still works."""


class KeyList(Struct, frozen=True, kw_only=True):
    """All keys of the workspace, on one page."""

    data: list[KeyOut]
    """The keys, revoked ones included. A limited key sees those that reach no further."""
    has_more: HasMore = False
    next_cursor: NextCursor = None


class KeyRevoked(Struct, frozen=True, kw_only=True):
    """What was revoked."""

    id: str
    """The key."""
    revoked: bool
    """Always true."""


async def create_key(call: Call[None, KeyIn]) -> KeyOut:
    """Create a key

    Its text is in this answer alone: the server does not store it.
    """
    body = call.body
    text, key = await call.service.keys.create(
        call.principal,
        body.name,
        body.scopes,
        expires_at=us(body.expires_at),
        user_id=body.user,
        app=body.app,
    )
    return key_out(key, text)


async def list_keys(call: Call[None, None]) -> KeyList:
    """List the keys of the workspace, revoked ones included"""
    return KeyList(data=[key_out(key) for key in await call.service.keys.list(call.principal)])


async def rotate_key(call: Call[None, RotateIn]) -> KeyOut:
    """Make a key with the rights of another one, which ends after a grace period"""
    text, key = await call.service.keys.rotate(
        call.principal, call.path["key_id"], grace_us=round(call.body.grace_seconds * 1_000_000)
    )
    return key_out(key, text)


async def revoke_key(call: Call[None, None]) -> KeyRevoked:
    """Revoke a key for ever, on every server within two seconds"""
    await call.service.keys.revoke(call.principal, call.path["key_id"])
    return KeyRevoked(id=call.path["key_id"], revoked=True)


def key_out(key: Key, text: str | None = None) -> KeyOut:
    return KeyOut(
        id=key.id,
        name=key.name,
        scopes=[*key.scopes],
        user=key.user_id,
        app=key.app,
        created_at=rfc3339(key.created_at),
        expires_at=rfc3339_or_none(key.expires_at),
        last_used_at=rfc3339_or_none(key.last_used_at),
        revoked_at=rfc3339_or_none(key.revoked_at),
        key=text or UNSET,
    )


_NO_KEY = {404: "`key_not_found`: no key of the workspace that is still valid has this id."}
_BEYOND = {403: "`missing_scope`: the new key would be able to do more than the one that makes it."}

routes = (
    Route(
        "POST /v1/keys",
        create_key,
        scope="keys:admin",
        body=KeyIn,
        returns=KeyOut,
        status=201,
        errors=_BEYOND,
    ),
    Route("GET /v1/keys", list_keys, scope="keys:admin", returns=KeyList),
    Route(
        "POST /v1/keys/{key_id}/rotate",
        rotate_key,
        scope="keys:admin",
        body=RotateIn,
        returns=KeyOut,
        status=201,
        errors=_BEYOND | _NO_KEY,
    ),
    Route(
        "DELETE /v1/keys/{key_id}",
        revoke_key,
        scope="keys:admin",
        returns=KeyRevoked,
        errors=_NO_KEY,
    ),
)
