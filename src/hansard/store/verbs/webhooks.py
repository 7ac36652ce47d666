"""Webhooks: kept, told of events, and what is on its way to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from hansard.errors import Invalid, NotFound
from hansard.model.webhook import Delivery, DeliveryState, Webhook
from hansard.store.steps import Row, Steps, many, row, rows, run, value
from hansard.store.verbs.events import Event

if TYPE_CHECKING:
    from hansard.store.verbs.store_clock import StoreClock

EVENTS, MOST_WAITING = 200, 1000


def put(workspace_id: str, webhook: Webhook, most: int) -> Steps[Webhook]:
    """Keep a webhook, which begins with the events from now on.

    Raises Invalid ``too_many_webhooks`` where there are ``most``.
    """
    yield from row("workspace_counters_lock", workspace_id=workspace_id)
    if len((yield from listed(workspace_id))) >= most:
        raise Invalid(f"a workspace has at most {most} webhooks", code="too_many_webhooks")
    cursor = yield from value("generation_get", workspace_id=workspace_id)
    webhook = msgspec.structs.replace(webhook, cursor=int(cursor))
    yield from run("webhook_put", workspace_id=workspace_id, **_values(webhook))
    return webhook


def listed(workspace_id: str) -> Steps[list[Webhook]]:
    stored = yield from rows("webhook_list", workspace_id=workspace_id)
    return [_webhook(values) for values in stored]


def get(workspace_id: str, webhook_id: str) -> Steps[Webhook]:
    """Raises NotFound."""
    stored = yield from row("webhook_get", workspace_id=workspace_id, id=webhook_id)
    if stored is None:
        raise NotFound(f"no webhook {webhook_id!r}", code="webhook_not_found", param="webhook_id")
    return _webhook(stored)


def change(
    workspace_id: str, webhook_id: str, amend: Callable[[Webhook], Webhook]
) -> Steps[Webhook]:
    """Store what ``amend`` makes of the webhook; NotFound."""
    yield from row("workspace_counters_lock", workspace_id=workspace_id)
    after = amend((yield from get(workspace_id, webhook_id)))
    yield from run("webhook_update", workspace_id=workspace_id, **_changed(after))
    return after


def delete(workspace_id: str, webhook_id: str) -> Steps[None]:
    """Remove the webhook and what is on its way to it; NotFound."""
    yield from get(workspace_id, webhook_id)
    here = {"workspace_id": workspace_id, "id": webhook_id}
    yield from run("webhook_delivery_delete_of_webhook", **here)
    yield from run("webhook_delete", **here)


def behind(limit: int) -> Steps[list[tuple[str, str]]]:
    """The (workspace, webhook) pairs with events that were not told yet."""
    return [(stored[0], stored[1]) for stored in (yield from rows("webhook_behind", limit=limit))]


def fan_out(
    workspace_id: str,
    webhook_id: str,
    make: Callable[[Event], Delivery],
    trim_before: int,
) -> Steps[int]:
    """Turn the next events into deliveries; how many events were gone through.

    None while too many deliveries wait: the events wait for them.
    """
    yield from row("workspace_counters_lock", workspace_id=workspace_id)
    webhook = yield from get(workspace_id, webhook_id)
    here = {"workspace_id": workspace_id, "webhook_id": webhook_id}
    yield from run("webhook_delivery_trim", **here, before=trim_before)
    if (yield from value("webhook_delivery_waiting", **here, limit=MOST_WAITING)) >= MOST_WAITING:
        return 0
    generation = yield from value("generation_get", workspace_id=workspace_id)
    stored = yield from rows(
        "event_list", workspace_id=workspace_id, after=webhook.cursor, limit=EVENTS
    )
    events = [Event(*values) for values in stored]
    wanted = [event for event in events if not webhook.types or event.type in webhook.types]
    deliveries = [make(event) for event in wanted]
    yield from many(
        "webhook_delivery_put",
        [
            {"workspace_id": workspace_id, **msgspec.structs.asdict(delivery)}
            for delivery in deliveries
        ],
    )
    cursor = events[-1].n if len(events) == EVENTS else int(generation)
    after = msgspec.structs.replace(webhook, cursor=cursor)
    yield from run("webhook_update", workspace_id=workspace_id, **_changed(after))
    return len(events)


def add(workspace_id: str, delivery: Delivery) -> Steps[Delivery]:
    """Put one delivery on its way."""
    yield from get(workspace_id, delivery.webhook_id)
    values = msgspec.structs.asdict(delivery)
    yield from run("webhook_delivery_put", workspace_id=workspace_id, **values)
    return delivery


def due(clock: StoreClock, limit: int) -> Steps[list[tuple[str, str, str]]]:
    """The (workspace, webhook, delivery) triples whose time has come."""
    now = yield from clock()
    pending = yield from rows("webhook_delivery_due", now=now, limit=limit)
    return [(values[0], values[1], values[2]) for values in pending]


def claim(
    workspace_id: str, webhook_id: str, delivery_id: str, lease_us: int, clock: StoreClock
) -> Steps[tuple[Webhook, Delivery] | None]:
    """Take a delivery until the lease is over; None when another process has it."""
    now = yield from clock()
    here = {"workspace_id": workspace_id, "webhook_id": webhook_id, "id": delivery_id}
    stored = yield from row("webhook_delivery_claim", **here, now=now, until=now + lease_us)
    if stored is None:
        return None
    return (yield from get(workspace_id, webhook_id)), Delivery(*stored)


def settle(  # noqa: PLR0913 - what a try tells
    workspace_id: str,
    delivery: Delivery,
    state: DeliveryState,
    after_us: int | None,
    status: int | None,
    error: str | None,
    clock: StoreClock,
) -> Steps[None]:
    """Note how a try went; ``after_us`` is the time until the next one."""
    now = yield from clock()
    yield from run(
        "webhook_delivery_settle",
        workspace_id=workspace_id,
        webhook_id=delivery.webhook_id,
        id=delivery.id,
        state=state,
        next_at=None if after_us is None else now + after_us,
        status=status,
        error=error,
        now=now,
    )


def deliveries(
    workspace_id: str, webhook_id: str, before: str, limit: int
) -> Steps[list[Delivery]]:
    """The deliveries of a webhook before an id, newest first."""
    yield from get(workspace_id, webhook_id)
    here = {"workspace_id": workspace_id, "webhook_id": webhook_id}
    pending = yield from rows("webhook_delivery_list", **here, before=before, limit=limit)
    return [Delivery(*values) for values in pending]


def replay(
    workspace_id: str, webhook_id: str, delivery_id: str, clock: StoreClock
) -> Steps[Delivery]:
    """Try a delivery again from the beginning, however it ended; NotFound."""
    here = {"workspace_id": workspace_id, "webhook_id": webhook_id, "id": delivery_id}
    stored = yield from row("webhook_delivery_get", **here)
    if stored is None:
        raise NotFound(
            f"no delivery {delivery_id!r} of this webhook",
            code="delivery_not_found",
            param="delivery_id",
        )
    delivery = Delivery(*stored)
    yield from settle(workspace_id, delivery, "pending", 0, None, None, clock)
    return msgspec.structs.replace(delivery, state="pending", status=None, error=None)


def _webhook(stored: Row) -> Webhook:
    ident, url, types, *rest = stored
    return Webhook(ident, url, tuple(types.split()), *rest)


def _values(webhook: Webhook) -> dict[str, Any]:
    return msgspec.structs.asdict(webhook) | {"types": " ".join(webhook.types)}


def _changed(webhook: Webhook) -> dict[str, Any]:
    return {name: value for name, value in _values(webhook).items() if name != "created_at"}
