"""``/v1/users``: find end users, what is held of one, erase one, and read the receipts of it."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from hansard.http.call import Call
from hansard.http.fields import Time
from hansard.http.route import Route
from hansard.model.times import rfc3339_or_none
from hansard.model.user import Rating, UserProfile
from hansard.native.errors import FOREIGN_OWNER, NOT_FOR_NARROWED
from hansard.native.schemas import HasMore, Json, NextCursor
from hansard.service.users import Erasure

_LISTED = 20


class ErasureOut(Struct, frozen=True, kw_only=True):
    """The receipt of an erasure. The store signs it, so that it can be shown to others."""

    example: ClassVar[Json] = {
        "id": "era_0190163d-8694-739b-aea5-966c26f8ad91",
        "workspace": "ws_k3v9x0",
        "subject": "5c1d0b7f9a3e48261d0c9b7a55f1e2d4",
        "erased_at": "2026-01-31T09:30:00Z",
        "by": "7fK2mQ9x",
        "counts": {
            "sessions": 3,
            "runs": 5,
            "messages": 41,
            "messages_elsewhere": 2,
            "documents": 1,
        },
        "content_hash": "blake2b-256:9f86d081…",
        "signature": "hmac-sha256:c0ffee12…",
        "signed": True,
    }

    id: str
    """`era_` and a UUID."""
    workspace: str
    """The workspace, by its id."""
    subject: str
    """Stands for the end user, whose id is gone. It is the same in all receipts about one user."""
    erased_at: Time
    """When the user was erased."""
    by: str
    """The id of the key that erased."""
    counts: dict[str, int]
    """How many sessions, runs, messages, messages in sessions of others, and documents of the user
    itself are gone."""
    content_hash: str
    """A digest of what was erased."""
    signature: str
    """The store's signature of all fields above."""
    signed: bool
    """Whether the signature is this store's, and the receipt as it was."""


class ErasureList(Struct, frozen=True, kw_only=True):
    """All receipts about an end user, on one page."""

    data: list[ErasureOut]
    """The receipts, the oldest first."""
    has_more: HasMore = False
    next_cursor: NextCursor = None


class UserSearch(Struct, frozen=True, kw_only=True):
    """Which end users."""

    example: ClassVar[Json] = {"q": "ad"}

    q: Annotated[str, Meta(max_length=256)] = ""
    """Only users whose id contains this text, in any case."""


class UserRef(Struct, frozen=True, kw_only=True):
    """An end user that sessions name."""

    example: ClassVar[Json] = {"id": "ada"}

    id: str
    """The application's id."""


class UserList(Struct, frozen=True, kw_only=True):
    """End users, on one page."""

    data: list[UserRef]
    """The first 20 that match, in the order of their ids."""
    has_more: HasMore
    next_cursor: NextCursor = None


class RatingOut(Struct, frozen=True, kw_only=True):
    """The scores of one name."""

    described_by: ClassVar[type[Struct]] = Rating
    example: ClassVar[Json] = {"name": "helpful", "count": 3, "average": 0.67}

    name: str
    count: int
    average: float | None


class UserOut(Struct, frozen=True, kw_only=True):
    """What the workspace holds of an end user."""

    described_by: ClassVar[type[Struct]] = UserProfile
    example: ClassVar[Json] = {
        "id": "ada",
        "sessions": 3,
        "messages": 41,
        "input_tokens": 2500,
        "output_tokens": 210,
        "cost_usd": 0.004,
        "first_at": "2026-01-05T10:00:00Z",
        "last_at": "2026-01-31T09:30:41Z",
        "channels": ["web", "whatsapp"],
        "apps": ["shop"],
        "agents": ["support"],
        "ratings": [RatingOut.example],
    }

    id: str
    """The end user, by the application's id."""
    sessions: int
    messages: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    """What they cost, in US dollars."""
    first_at: Time | None
    last_at: Time | None
    channels: list[str]
    apps: list[str]
    agents: list[str]
    ratings: list[RatingOut]


async def list_users(call: Call[UserSearch, None]) -> UserList:
    """List the end users whose id contains a text

    With ``has_more`` there are further ones: give more of the id.
    """
    user_ids = await call.service.users.containing(call.principal, call.params.q, limit=_LISTED + 1)
    return UserList(
        data=[UserRef(id=user_id) for user_id in user_ids[:_LISTED]],
        has_more=len(user_ids) > _LISTED,
    )


async def read_user(call: Call[None, None]) -> UserOut:
    """Read what the workspace holds of an end user: sums, origins and ratings

    A user that no session names has zeros.
    """
    return user_out(await call.service.users.profile(call.principal, call.path["user_id"]))


def user_out(profile: UserProfile) -> UserOut:
    return UserOut(
        id=profile.user_id,
        sessions=profile.sessions,
        messages=profile.messages,
        input_tokens=profile.input_tokens,
        output_tokens=profile.output_tokens,
        cost_usd=profile.cost_nanos / 1e9,
        first_at=rfc3339_or_none(profile.first_at),
        last_at=rfc3339_or_none(profile.last_at),
        channels=profile.channels,
        apps=profile.apps,
        agents=profile.agents,
        ratings=[
            RatingOut(name=rating.name, count=rating.count, average=rating.average)
            for rating in profile.ratings
        ],
    )


async def erase_user(call: Call[None, None]) -> ErasureOut:
    """Permanently erase an end user from the workspace

    The user's sessions go with all that is in them, and so do the messages that the user wrote in
    others. Answers with a signed receipt, also when there was nothing to erase.
    """
    return _erasure_out(await call.service.users.erase(call.principal, call.path["user_id"]))


class UserParams(Struct, frozen=True, kw_only=True):
    """An end user whose id no path can carry, such as a URL."""

    example: ClassVar[Json] = {"user": "https://idp.example/u/1"}

    user: str
    """The end user, by the application's id."""


async def erase_named_user(call: Call[UserParams, None]) -> ErasureOut:
    """Permanently erase the end user ``user`` from the workspace

    As `DELETE /v1/users/{user_id}`, for an id that no path can carry.
    """
    return _erasure_out(await call.service.users.erase(call.principal, call.params.user))


async def list_named_erasures(call: Call[UserParams, None]) -> ErasureList:
    """List the receipts about the end user ``user``"""
    erasures = await call.service.users.erasures(call.principal, call.params.user)
    return ErasureList(data=[_erasure_out(erasure) for erasure in erasures])


async def list_erasures(call: Call[None, None]) -> ErasureList:
    """List the receipts about an end user"""
    erasures = await call.service.users.erasures(call.principal, call.path["user_id"])
    return ErasureList(data=[_erasure_out(erasure) for erasure in erasures])


async def read_erasure(call: Call[None, None]) -> ErasureOut:
    """Read a receipt, and check its signature"""
    return _erasure_out(await call.service.users.erasure(call.principal, call.path["erasure_id"]))


def _erasure_out(erasure: Erasure) -> ErasureOut:
    return ErasureOut(**erasure.body, signature=erasure.signature, signed=erasure.signed)


routes = (
    Route(
        "GET /v1/users",
        list_users,
        scope="sessions:read",
        params=UserSearch,
        returns=UserList,
        errors=NOT_FOR_NARROWED,
    ),
    Route(
        "GET /v1/users/{user_id}",
        read_user,
        scope="sessions:read",
        returns=UserOut,
        errors=NOT_FOR_NARROWED,
    ),
    Route(
        "DELETE /v1/users/{user_id}",
        erase_user,
        scope="sessions:delete",
        returns=ErasureOut,
        errors=FOREIGN_OWNER,
    ),
    Route(
        "DELETE /v1/users",
        erase_named_user,
        scope="sessions:delete",
        params=UserParams,
        returns=ErasureOut,
        errors=FOREIGN_OWNER,
    ),
    Route(
        "GET /v1/erasures",
        list_named_erasures,
        scope="audit:read",
        params=UserParams,
        returns=ErasureList,
        errors=NOT_FOR_NARROWED,
    ),
    Route(
        "GET /v1/users/{user_id}/erasures",
        list_erasures,
        scope="audit:read",
        returns=ErasureList,
        errors=NOT_FOR_NARROWED,
    ),
    Route(
        "GET /v1/erasures/{erasure_id}",
        read_erasure,
        scope="audit:read",
        returns=ErasureOut,
        errors=NOT_FOR_NARROWED
        | {404: "`erasure_not_found`: no receipt of the workspace has this id."},
    ),
)
