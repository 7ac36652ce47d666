"""Settings: the workspace's name, sharing, retention, saved views, and the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from hansard.errors import Forbidden, Invalid
from hansard.http.route import Route
from hansard.model.audit import AuditFilter
from hansard.model.session import KINDS
from hansard.service.retention import ALL
from hansard.web.layout import Form, Layout, act
from hansard.web.local_times import is_in_utc, zone_name
from hansard.web.rendering import see_other

if TYPE_CHECKING:
    from starlette.responses import Response

    from hansard.http.call import Call
    from hansard.model.webhook import Webhook

_PAGE = 50
_SPELLED = {"narrowed": "limited to one user or app"}
_ADMIN = "keys:admin"
_AUDITED = ("actor", "action", "result")


class AuditParams(Struct, frozen=True, kw_only=True):
    cursor: str | None = None
    actor: str = ""
    action: str = ""
    result: str = ""


class Settings:
    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    @property
    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET /ui/settings", self.show, scope="sessions:read", media_type="text/html"),
            Route(
                "GET /ui/audit",
                self.audit,
                scope="audit:read",
                params=AuditParams,
                media_type="text/html",
            ),
            act("POST /ui/settings", self.change, scope=_ADMIN),
            act("POST /ui/settings/retention", self.keep, scope=_ADMIN),
        )

    async def show(self, call: Call[Any, Any]) -> Response:
        """The settings of the workspace"""
        return await self._shown(call, await call.service.retention.rules(call.principal))

    async def _shown(self, call: Call[Any, Any], rules: dict[str, int], due: int = 0) -> Response:
        """``due`` sessions would go by these rules, which then wait for a second word."""
        workspace = await call.service.workspaces.read(call.principal.workspace_id)
        return await self._layout.show(
            call,
            "settings.html",
            nav="settings",
            name=workspace.name,
            sharing=msgspec.json.decode(workspace.settings).get("sharing") is True,
            views=await call.service.views.list(call.principal),
            webhooks=await _webhooks(call),
            rules=rules,
            due=due,
            kinds=[
                (ALL, "Default for all other kinds"),
                *((kind, kind.replace("_", " ").capitalize()) for kind in KINDS),
            ],
            zone_name=zone_name(call),
            in_utc=is_in_utc(call),
            curl=self._layout.curl(call, "/v1/workspace"),
        )

    async def change(self, call: Call[Any, Any], form: Form) -> Response:
        """Rename the workspace, switch sharing on or off"""
        workspaces, ident = call.service.workspaces, call.principal.workspace_id
        await workspaces.update(
            ident,
            name=form.get("name") or None,
            settings={"sharing": form.get("sharing") == "yes"},
            by=call.principal,
        )
        return see_other("/ui/settings")

    async def keep(self, call: Call[Any, Any], form: Form) -> Response:
        """How many days sessions are kept after their last activity.

        Asks again when some would go at once.
        """
        rules = {kind: _days(rule) for kind in (ALL, *KINDS) if (rule := form.get(kind))}
        retention = call.service.retention
        due = sum(rule.sessions for rule in await retention.preview(call.principal, rules))
        if due and form.get("sure") != str(due):
            return await self._shown(call, rules, due)
        await retention.set_rules(call.principal, rules)
        return see_other("/ui/settings#retention")

    async def audit(self, call: Call[AuditParams, None]) -> Response:
        """Who did what, newest first"""
        if call.principal.user_id is not None or call.principal.app is not None:
            raise Forbidden(
                "a key for one end user or app cannot read the audit log", code="narrowed_key"
            )
        chosen = {name: getattr(call.params, name).strip() for name in _AUDITED}
        wanted = {name: value for name, value in chosen.items() if value}
        entries, cursor = await call.service.audit.list(
            call.principal,
            limit=_PAGE,
            cursor=call.params.cursor,
            filters=AuditFilter(**{name: (value,) for name, value in wanted.items()}),
        )
        if call.params.cursor is None:
            await call.service.audit.note(call.principal, "audit.read", "audit")
        names = {key.id: key.name for key in await call.service.keys.list(call.principal)}
        rows = [
            (
                entry,
                names.get(entry.act.actor, entry.act.actor),
                _detail(entry.act.details) if entry.act.details else "",
            )
            for entry in entries
        ]
        query = urlencode(wanted)
        return await self._layout.show(
            call,
            "audit.html",
            nav="settings",
            rows=rows,
            chosen=chosen,
            query=query,
            actors={"operator": "operator"} | names,
            cursor=cursor,
            curl=self._layout.curl(call, f"/v1/audit{'?' if query else ''}{query}"),
        )


async def _webhooks(call: Call[Any, Any]) -> list[Webhook] | None:
    """The webhooks of the workspace; None for a key that may not see them."""
    principal = call.principal
    if _ADMIN not in principal.scopes or principal.user_id or principal.app:
        return None
    return await call.service.webhooks.list(principal)


def _detail(value: object) -> str:
    """What a person reads of an entry's details, which are JSON."""
    if isinstance(value, dict):
        return (
            ", ".join(
                f"{_SPELLED.get(name) or str(name).replace('_', ' ')}: {_detail(item)}"
                for name, item in value.items()
                if item or name not in _SPELLED
            )
            or "none"
        )
    if isinstance(value, list | tuple):
        return ", ".join(map(_detail, value)) or "none"
    return (
        {True: "yes", False: "no", None: "none"}[value]
        if value is None or isinstance(value, bool)
        else str(value)
    )


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 6:  # noqa: PLR2004 - far beyond any rule
        raise Invalid("days must be a whole number", param="rules")
    return int(text)
