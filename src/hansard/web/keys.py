"""Keys: make one and see its first call, rotate, revoke."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hansard.access import SCOPES
from hansard.http.route import Route
from hansard.web.layout import Form, Layout, act
from hansard.web.rendering import see_other

if TYPE_CHECKING:
    from starlette.responses import Response

    from hansard.http.call import Call
    from hansard.model import Key

_DAY_US = 86_400_000_000
_ADMIN = "keys:admin"


class Keys:
    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    @property
    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET /ui/keys", self.show, scope=_ADMIN, media_type="text/html"),
            Route("GET /ui/keys/{key_id}/used", self.used, scope=_ADMIN),
            act("POST /ui/keys", self.create, scope=_ADMIN),
            act("POST /ui/keys/{key_id}/rotate", self.rotate, scope=_ADMIN),
            act("POST /ui/keys/{key_id}/revoke", self.revoke, scope=_ADMIN),
        )

    async def show(
        self, call: Call[Any, Any], created: Key | None = None, text: str = ""
    ) -> Response:
        """The keys of the workspace"""
        now = call.service.clock()
        keys = sorted(
            await call.service.keys.list(call.principal),
            key=lambda key: (has_ended(key, now), -key.created_at),
        )
        scopes = {name: what for name, what in SCOPES.items() if name in call.principal.scopes}
        curl = self._layout.curl(call, "/v1/keys")
        return await self._layout.show(
            call,
            "keys.html",
            nav="keys",
            keys=keys,
            created=created,
            text=text,
            known=scopes,
            now=now,
            curl=curl,
            own=call.principal.key_id,
        )

    async def used(self, call: Call[Any, Any]) -> dict[str, bool]:
        """Whether a key was used already"""
        return {
            "used": any(
                key.id == call.path["key_id"] and key.last_used_at
                for key in await call.service.keys.list(call.principal)
            )
        }

    async def create(self, call: Call[Any, Any], form: Form) -> Response:
        """Make a key and show it, this once"""
        days = form.get("days")
        expires_at = (
            call.service.clock() + int(days) * _DAY_US if days in {"1", "30", "90", "365"} else None
        )
        text, key = await call.service.keys.create(
            call.principal,
            form.get("name"),
            form.all("scopes"),
            expires_at=expires_at,
            user_id=form.get("user") or None,
            app=form.get("app") or None,
        )
        return await self.show(call, key, text)

    async def rotate(self, call: Call[Any, Any], _form: Form) -> Response:
        """A key in the place of another, which works for a day more"""
        text, key = await call.service.keys.rotate(
            call.principal, call.path["key_id"], grace_us=_DAY_US
        )
        return await self.show(call, key, text)

    async def revoke(self, call: Call[Any, Any], _form: Form) -> Response:
        """End a key"""
        await call.service.keys.revoke(call.principal, call.path["key_id"])
        return see_other("/ui/keys")


def has_ended(key: Key, now: int) -> bool:
    return key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now)
