"""Webhooks: addresses that are told what happens in a workspace, with retries and replay."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import random
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from hansard.errors import Invalid, NotFound
from hansard.ids import SESSION
from hansard.model.bounds import short
from hansard.model.times import rfc3339
from hansard.model.webhook import TEST, TYPES, Delivery, Webhook
from hansard.service.rules import whole
from hansard.store.verbs import webhooks as verbs
from hansard.store.verbs.store_clock import store_time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.access import Principal
    from hansard.ids import IdSource
    from hansard.service.webhook_sender import Outcome, Sender
    from hansard.store import Store
    from hansard.store.verbs.events import Event
    from hansard.store.verbs.store_clock import StoreClock

MOST = 20
"""The most webhooks of a workspace."""
PAUSES = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds until the next try, after each that failed; behind the last the delivery is dead."""
_SECOND, _DAY = 1_000_000, 86_400_000_000
_KEPT = 30 * _DAY
_LEASE = 60 * _SECOND
_TOGETHER = 16
_URL = 2000
_LAST = "\x7f"
"""Comes behind every id."""


class Webhooks:
    """``store_clock`` is every process's and counts leases and pauses; ``chance`` spreads tries."""

    def __init__(  # noqa: PLR0913 - its clocks
        self,
        store: Store,
        secret: bytes,
        ids: IdSource,
        clock: Callable[[], int],
        store_clock: StoreClock = store_time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._secret = secret
        self._ids = ids
        self._clock = clock
        self._store_clock = store_clock
        self._chance = chance

    def secret_of(self, webhook: Webhook) -> str:
        """What deliveries are signed with; made of the store's secret, so that no row holds it."""
        key = hmac.digest(self._secret, f"webhook/{webhook.id}".encode(), "sha256")
        return "whsec_" + base64.b64encode(key).decode()

    async def create(self, principal: Principal, url: str, types: Sequence[str]) -> Webhook:
        """Make a webhook, which gets the events from now on."""
        whole(principal)
        webhook = Webhook(
            self._ids.prefixed("wh_"), checked(url), known(types), 0, self._clock(), None
        )
        return await self._store.write(verbs.put, principal.workspace_id, webhook, MOST)

    async def list(self, principal: Principal) -> list[Webhook]:
        """All webhooks of the workspace, the oldest first."""
        whole(principal)
        return await self._store.read(verbs.listed, principal.workspace_id)

    async def read(self, principal: Principal, webhook_id: str) -> Webhook:
        whole(principal)
        return await self._store.read(verbs.get, principal.workspace_id, webhook_id)

    async def update(
        self,
        principal: Principal,
        webhook_id: str,
        *,
        url: str | None = None,
        types: Sequence[str] | None = None,
        enabled: bool | None = None,
    ) -> Webhook:
        """Change what is given; one that was disabled goes on with the events from then on."""
        whole(principal)
        now = self._clock()

        def amend(webhook: Webhook) -> Webhook:
            disabled_at = webhook.disabled_at
            if enabled is not None:
                disabled_at = None if enabled else disabled_at or now
            return msgspec.structs.replace(
                webhook,
                url=webhook.url if url is None else checked(url),
                types=webhook.types if types is None else known(types),
                disabled_at=disabled_at,
            )

        return await self._store.write(verbs.change, principal.workspace_id, webhook_id, amend)

    async def delete(self, principal: Principal, webhook_id: str) -> None:
        """Remove the webhook with what is on its way to it."""
        whole(principal)
        await self._store.write(verbs.delete, principal.workspace_id, webhook_id)

    async def test(self, principal: Principal, webhook_id: str) -> Delivery:
        """Put a delivery on its way that says nothing, to see whether the address answers."""
        whole(principal)
        now = self._clock()
        delivery = self._delivery(webhook_id, TEST, now, {})
        return await self._store.write(verbs.add, principal.workspace_id, delivery)

    async def deliveries(
        self, principal: Principal, webhook_id: str, before: str | None, limit: int
    ) -> tuple[Sequence[Delivery], bool]:
        """The deliveries of a webhook, newest first, and whether there are more."""
        whole(principal)
        page = await self._store.read(
            verbs.deliveries, principal.workspace_id, webhook_id, before or _LAST, limit + 1
        )
        return page[:limit], len(page) > limit

    async def replay(self, principal: Principal, webhook_id: str, delivery_id: str) -> Delivery:
        """Try a delivery again, however it ended."""
        whole(principal)
        return await self._store.write(
            verbs.replay, principal.workspace_id, webhook_id, delivery_id, self._store_clock
        )

    async def work(self, sender: Sender) -> int:
        """Turn events into deliveries, and try those whose time has come; how much there was."""
        done = 0
        for workspace_id, webhook_id in await self._store.read(verbs.behind, _TOGETHER):
            with contextlib.suppress(NotFound):  # deleted meanwhile
                done += await self._fan_out(workspace_id, webhook_id)
        due = await self._store.read(verbs.due, self._store_clock, _TOGETHER)
        await asyncio.gather(*(self._try(sender, *webhook) for webhook in due))
        return done + len(due)

    async def _fan_out(self, workspace_id: str, webhook_id: str) -> int:
        def make(event: Event) -> Delivery:
            return self._of_event(webhook_id, event)

        before = self._clock() - _KEPT
        return await self._store.write(verbs.fan_out, workspace_id, webhook_id, make, before)

    async def _try(
        self, sender: Sender, workspace_id: str, webhook_id: str, delivery_id: str
    ) -> None:
        try:
            claimed = await self._store.write(
                verbs.claim, workspace_id, webhook_id, delivery_id, _LEASE, self._store_clock
            )
        except NotFound:  # deleted meanwhile
            return
        if claimed is None:
            return
        webhook, delivery = claimed
        outcome = await sender.send(webhook.url, self.secret_of(webhook), delivery, self._clock())
        await self._settle(workspace_id, webhook, delivery, outcome)

    async def _settle(
        self, workspace_id: str, webhook: Webhook, delivery: Delivery, outcome: Outcome
    ) -> None:
        tries = delivery.attempts
        if outcome.is_delivered:
            state, after = "delivered", None
        elif outcome.is_gone or tries > len(PAUSES):
            state, after = "dead", None
        else:
            spread = 1 + self._chance() / 10
            state, after = "pending", int(PAUSES[tries - 1] * _SECOND * spread)
        await self._store.write(
            verbs.settle,
            workspace_id,
            delivery,
            state,  # type: ignore[arg-type]  # one of the three
            after,
            outcome.status,
            outcome.error,
            self._store_clock,
        )
        if outcome.is_gone:
            now = self._clock()
            await self._store.write(
                verbs.change,
                workspace_id,
                webhook.id,
                lambda current: msgspec.structs.replace(
                    current, disabled_at=current.disabled_at or now
                ),
            )

    def _of_event(self, webhook_id: str, event: Event) -> Delivery:
        """The delivery of an event, which names what changed and holds nothing of it."""
        data: dict[str, object] = {"session_id": SESSION + event.session_id, "event": event.n}
        if event.seq is not None:
            data["seq"] = event.seq
        return self._delivery(webhook_id, event.type, event.at, data)

    def _delivery(self, webhook_id: str, kind: str, at: int, data: dict[str, object]) -> Delivery:
        body = msgspec.json.encode({"type": kind, "timestamp": rfc3339(at), "data": data}).decode()
        now = self._clock()
        ident = self._ids.prefixed("whd_")
        return Delivery(ident, webhook_id, kind, body, "pending", 0, 0, None, None, now, now)


def checked(url: str) -> str:
    """The URL; Invalid for one that no delivery can go to."""
    short(url, "url", _URL)
    refusal = Invalid("url must be an address such as https://example.com/hook", param="url")
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError as problem:
        raise refusal from problem
    if not is_whole or not url.isascii() or not url.isprintable() or " " in url:
        raise refusal
    if parts.username is not None:
        raise Invalid("url must not hold a password: deliveries are signed", param="url")
    return url


def known(types: Sequence[str]) -> tuple[str, ...]:
    for kind in types:
        if kind not in TYPES:
            raise Invalid(f"unknown event {kind!r}: choose from {', '.join(TYPES)}", param="types")
    return tuple(dict.fromkeys(types))
