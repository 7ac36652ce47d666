"""One end user: who it is, what was said, what it cost; export, and erase with a receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hansard.errors import Invalid
from hansard.http.route import Route
from hansard.model import SessionFilter, SessionQuery
from hansard.web import listing
from hansard.web.filters import query
from hansard.web.formatting import path
from hansard.web.layout import Form, Layout, act

if TYPE_CHECKING:
    from starlette.responses import Response

    from hansard.http.call import Call

_SHOWN = 20


class Users:
    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    @property
    def routes(self) -> tuple[Route, ...]:
        user = "/ui/users/{user_id}"
        return (
            Route(f"GET {user}", self.show, scope="sessions:read", media_type="text/html"),
            act(f"POST {user}/erase", self.erase, scope="sessions:delete"),
        )

    async def show(self, call: Call[Any, Any]) -> Response:
        """What the workspace holds of an end user"""
        user_id, principal = call.path["user_id"], call.principal
        page = await call.service.sessions.list(
            principal,
            SessionQuery(
                filter=SessionFilter(user_id=(user_id,)),
                sort="-active_at",
                limit=_SHOWN,
                with_total=True,
            ),
        )
        is_whole = principal.user_id is None and principal.app is None
        profile = await call.service.users.profile(principal, user_id) if is_whole else None
        return await self._layout.show(
            call,
            "user.html",
            nav="sessions",
            user_id=user_id,
            profile=profile,
            total=page.total,
            shown=listing.of(page.items, query([("user", user_id), ("archived", "any")])),
            has_more=page.has_more,
            current="",
            curl=self._layout.curl(call, f"/v1/users/{path(user_id)}"),
        )

    async def erase(self, call: Call[Any, Any], form: Form) -> Response:
        """Erase the end user whose id was typed, and show the receipt"""
        user_id = call.path["user_id"]
        if form.get("typed") != user_id:
            raise Invalid(
                "type the user's id exactly as it is shown: nothing was erased", param="typed"
            )
        erasure = await call.service.users.erase(call.principal, user_id)
        receipt = erasure.body | {"signature": erasure.signature}
        text = msgspec.json.format(msgspec.json.encode(receipt), indent=2).decode()
        return await self._layout.show(
            call, "erased.html", nav="sessions", counts=erasure.body["counts"], receipt=text
        )
