"""Webhooks: a test of an address, and what was sent to it and answered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from hansard.http.route import Route
from hansard.web.layout import Form, Layout, act
from hansard.web.rendering import see_other

if TYPE_CHECKING:
    from starlette.responses import Response

    from hansard.http.call import Call

_ADMIN = "keys:admin"
_PAGE = 20
_LOOKS, _PAUSE = 30, 0.1
"""How often a test looks for its answer, and the seconds between two looks."""


class Webhooks:
    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    @property
    def routes(self) -> tuple[Route, ...]:
        webhook = "/ui/webhooks/{webhook_id}"
        return (
            Route(f"GET {webhook}", self.show, scope=_ADMIN, media_type="text/html"),
            act(f"POST {webhook}/test", self.test, scope=_ADMIN),
        )

    async def show(self, call: Call[Any, Any]) -> Response:
        """A webhook and its last deliveries"""
        webhooks, ident = call.service.webhooks, call.path["webhook_id"]
        webhook = await webhooks.read(call.principal, ident)
        deliveries, more = await webhooks.deliveries(call.principal, ident, None, _PAGE)
        return await self._layout.show(
            call,
            "webhook.html",
            nav="settings",
            webhook=webhook,
            deliveries=deliveries,
            more=more,
            curl=self._layout.curl(call, f"/v1/webhooks/{ident}/deliveries"),
        )

    async def test(self, call: Call[Any, Any], _form: Form) -> Response:
        """Send a test, and show the answer once there is one, after three seconds in any case"""
        webhooks, ident = call.service.webhooks, call.path["webhook_id"]
        sent = await webhooks.test(call.principal, ident)
        for _ in range(_LOOKS):
            deliveries, _ = await webhooks.deliveries(call.principal, ident, None, _PAGE)
            if any(each.id == sent.id and each.is_answered for each in deliveries):
                break
            await asyncio.sleep(_PAUSE)
        return see_other(f"/ui/webhooks/{ident}")
