"""``/v1/webhooks``: addresses that are told what happens."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from hansard.http.call import Call
from hansard.http.fields import Time
from hansard.http.route import Route
from hansard.model.times import rfc3339, rfc3339_or_none
from hansard.model.webhook import TYPES, Delivery, DeliveryState, Webhook
from hansard.native.errors import NOT_FOR_NARROWED
from hansard.native.schemas import Deleted, HasMore, Json, NextCursor, one_of

EventType = Annotated[str, one_of(TYPES)]
_WEBHOOK: Json = {
    "id": "wh_0190163d-8694-739b-aea5-966c26f8ad91",
    "url": "https://example.com/hansard",
    "types": ["message.appended", "run.finished"],
    "created_at": "2026-01-31T09:30:00Z",
    "disabled_at": None,
}


class WebhookOut(Struct, frozen=True, kw_only=True):
    """An address that gets the events of the workspace."""

    described_by: ClassVar[type[Struct]] = Webhook
    example: ClassVar[Json] = _WEBHOOK

    id: str
    url: str
    types: list[EventType]
    created_at: Time
    disabled_at: Time | None


class NewWebhookOut(WebhookOut, frozen=True, kw_only=True):
    """A webhook that was just made, with its secret."""

    example: ClassVar[Json] = _WEBHOOK | {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}

    secret: str
    """What its deliveries are signed with, as Standard Webhooks has it. It is shown here and in
    the answer that reads one webhook."""


class WebhookIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A webhook to make."""

    described_by: ClassVar[type[Struct]] = Webhook
    example: ClassVar[Json] = {
        "url": "https://example.com/hansard",
        "types": ["message.appended", "run.finished"],
    }

    url: str
    types: list[EventType] = []


class WebhookPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a webhook."""

    described_by: ClassVar[type[Struct]] = Webhook
    example: ClassVar[Json] = {"types": ["run.finished"], "enabled": True}

    url: str | UnsetType = UNSET
    types: list[EventType] | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    """False disables it; true lets it go on, with the events that it was not told of."""


class WebhookList(Struct, frozen=True, kw_only=True):
    """All webhooks of the workspace, on one page."""

    data: list[WebhookOut]
    """The webhooks, the oldest first."""
    has_more: HasMore = False
    next_cursor: NextCursor = None


class WebhookDeleted(Struct, frozen=True, kw_only=True):
    """What was deleted."""

    id: str
    """The webhook."""
    deleted: Deleted


class DeliveryOut(Struct, frozen=True, kw_only=True):
    """One event on its way to a webhook."""

    described_by: ClassVar[Any] = Delivery
    example: ClassVar[Json] = {
        "id": "whd_0190163d-8694-739b-aea5-966c26f8ad92",
        "type": "message.appended",
        "body": '{"type":"message.appended","timestamp":"2026-01-31T09:30:00Z","data":{}}',
        "state": "pending",
        "attempts": 1,
        "next_at": "2026-01-31T09:30:05Z",
        "status": 503,
        "error": None,
        "created_at": "2026-01-31T09:30:00Z",
        "updated_at": "2026-01-31T09:30:00Z",
    }

    id: str
    type: str
    body: str
    state: DeliveryState
    attempts: int
    next_at: Time | None
    status: int | None
    error: str | None
    created_at: Time
    updated_at: Time


class DeliveryList(Struct, frozen=True, kw_only=True):
    """A page of deliveries."""

    data: list[DeliveryOut]
    """The deliveries, the newest first."""
    has_more: HasMore
    next_cursor: NextCursor = None


class DeliveryParams(Struct, frozen=True, kw_only=True):
    """Which page."""

    example: ClassVar[Json] = {"limit": 50}

    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    """The most deliveries that a page may have."""
    cursor: str | None = None
    """The `next_cursor` of the page before."""


async def create_webhook(call: Call[None, WebhookIn]) -> NewWebhookOut:
    """Make a webhook, which gets the events of the workspace from now on

    Deliveries are signed as Standard Webhooks has it. They name what changed and hold nothing of
    it. One that fails is tried again for three days, and can be replayed afterwards.
    """
    body, webhooks = call.body, call.service.webhooks
    webhook = await webhooks.create(call.principal, body.url, body.types)
    return _with_secret(call, webhook)


async def list_webhooks(call: Call[None, None]) -> WebhookList:
    """List the webhooks of the workspace"""
    page = await call.service.webhooks.list(call.principal)
    return WebhookList(data=[webhook_out(webhook) for webhook in page])


async def read_webhook(call: Call[None, None]) -> NewWebhookOut:
    """Read a webhook with its secret"""
    webhook = await call.service.webhooks.read(call.principal, call.path["webhook_id"])
    return _with_secret(call, webhook)


async def update_webhook(call: Call[None, WebhookPatch]) -> WebhookOut:
    """Change a webhook's address or events, disable it, or let it go on"""
    body = call.body
    return webhook_out(
        await call.service.webhooks.update(
            call.principal,
            call.path["webhook_id"],
            url=None if body.url is UNSET else body.url,
            types=None if body.types is UNSET else body.types,
            enabled=None if body.enabled is UNSET else body.enabled,
        )
    )


async def delete_webhook(call: Call[None, None]) -> WebhookDeleted:
    """Delete a webhook with what is on its way to it"""
    await call.service.webhooks.delete(call.principal, call.path["webhook_id"])
    return WebhookDeleted(id=call.path["webhook_id"], deleted=True)


async def test_webhook(call: Call[None, None]) -> DeliveryOut:
    """Send a delivery of type `webhook.test`, to see whether the address answers"""
    return delivery_out(await call.service.webhooks.test(call.principal, call.path["webhook_id"]))


async def list_deliveries(call: Call[DeliveryParams, None]) -> DeliveryList:
    """List the deliveries of a webhook, the newest first

    Those that are over are kept for 30 days.
    """
    page, more = await call.service.webhooks.deliveries(
        call.principal, call.path["webhook_id"], call.params.cursor, call.params.limit
    )
    data = [delivery_out(delivery) for delivery in page]
    return DeliveryList(data=data, has_more=more, next_cursor=data[-1].id if more else None)


async def replay_delivery(call: Call[None, None]) -> DeliveryOut:
    """Try a delivery again, however it ended"""
    return delivery_out(
        await call.service.webhooks.replay(
            call.principal, call.path["webhook_id"], call.path["delivery_id"]
        )
    )


def webhook_out(webhook: Webhook) -> WebhookOut:
    return WebhookOut(
        id=webhook.id,
        url=webhook.url,
        types=list(webhook.types),
        created_at=rfc3339(webhook.created_at),
        disabled_at=rfc3339_or_none(webhook.disabled_at),
    )


def _with_secret(call: Call[None, WebhookIn] | Call[None, None], webhook: Webhook) -> NewWebhookOut:
    out = webhook_out(webhook)
    return NewWebhookOut(
        id=out.id,
        url=out.url,
        types=out.types,
        created_at=out.created_at,
        disabled_at=out.disabled_at,
        secret=call.service.webhooks.secret_of(webhook),
    )


def delivery_out(delivery: Delivery) -> DeliveryOut:
    return DeliveryOut(
        id=delivery.id,
        type=delivery.type,
        body=delivery.body,
        state=delivery.state,
        attempts=delivery.attempts,
        next_at=rfc3339_or_none(delivery.next_at),
        status=delivery.status,
        error=delivery.error,
        created_at=rfc3339(delivery.created_at),
        updated_at=rfc3339(delivery.updated_at),
    )


_SCOPE = "keys:admin"
_ABSENT = NOT_FOR_NARROWED | {404: "`webhook_not_found`: no webhook of the workspace has this id."}
_NO_DELIVERY = NOT_FOR_NARROWED | {
    404: "`webhook_not_found`, `delivery_not_found`: there is none of this id."
}
_PATH = "/v1/webhooks/{webhook_id}"

routes = (
    Route(
        "GET /v1/webhooks",
        list_webhooks,
        scope=_SCOPE,
        returns=WebhookList,
        errors=NOT_FOR_NARROWED,
    ),
    Route(
        "POST /v1/webhooks",
        create_webhook,
        scope=_SCOPE,
        body=WebhookIn,
        returns=NewWebhookOut,
        status=201,
        errors=NOT_FOR_NARROWED,
    ),
    Route(f"GET {_PATH}", read_webhook, scope=_SCOPE, returns=NewWebhookOut, errors=_ABSENT),
    Route(
        f"PATCH {_PATH}",
        update_webhook,
        scope=_SCOPE,
        body=WebhookPatch,
        returns=WebhookOut,
        errors=_ABSENT,
    ),
    Route(f"DELETE {_PATH}", delete_webhook, scope=_SCOPE, returns=WebhookDeleted, errors=_ABSENT),
    Route(
        f"POST {_PATH}/test",
        test_webhook,
        scope=_SCOPE,
        returns=DeliveryOut,
        status=202,
        errors=_ABSENT,
    ),
    Route(
        f"GET {_PATH}/deliveries",
        list_deliveries,
        scope=_SCOPE,
        params=DeliveryParams,
        returns=DeliveryList,
        errors=_ABSENT,
    ),
    Route(
        f"POST {_PATH}/deliveries/{{delivery_id}}/replay",
        replay_delivery,
        scope=_SCOPE,
        returns=DeliveryOut,
        status=202,
        errors=_NO_DELIVERY,
    ),
)
