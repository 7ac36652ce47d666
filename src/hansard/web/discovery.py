"""Offer to import the sessions of the coding agents on the server's own machine.

Only to an administrator at that machine, and without a path of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

from msgspec import Struct, field

from hansard.errors import NotFound
from hansard.http.origin import host_of, is_loopback
from hansard.http.route import Route
from hansard.web.layout import Form, Layout, act
from hansard.web.rendering import see_other, wants_fragment

if TYPE_CHECKING:
    from starlette.responses import Response

    from hansard.access import Principal
    from hansard.http.call import Call

_ADMIN = "keys:admin"
_NEEDED = {_ADMIN, "sessions:write"}
_BY_A_PROXY = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


class FoundProduct(Struct, kw_only=True):
    """What there is of a coding agent, and how much of it an import has taken in.

    ``first_at`` and ``last_at`` are RFC 3339, None where no file has times.
    """

    product: str
    title: str
    sessions: int
    messages: int
    first_at: str | None = None
    last_at: str | None = None
    read: int = 0
    new: int = 0
    bad: int = 0


class Finding(Struct, kw_only=True):
    """Where a search for sessions or their import stands; ``problem`` says why it failed."""

    phase: Literal["looking", "found", "importing", "done"] = "looking"
    products: list[FoundProduct] = field(default_factory=list)
    problem: str = ""

    def sum(self, name: str) -> int:
        return sum(getattr(product, name) for product in self.products)


class Discovery(Protocol):
    """Finds sessions on this machine, and imports them into a workspace."""

    def finding(self, workspace: str) -> Finding:
        """What is known by now; the first call begins to look."""

    def begin(self, workspace: str) -> None:
        """Import what was found, unless that is under way."""


class Discoveries:
    """``discovery`` is None where the server listens to more than its own machine."""

    def __init__(self, layout: Layout, discovery: Discovery | None) -> None:
        self._layout = layout
        self._discovery = discovery

    @property
    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET /ui/discovery", self.show, scope=_ADMIN, media_type="text/html"),
            act("POST /ui/discovery", self.bring, scope=_ADMIN),
        )

    def is_offered(self, call: Call[Any, Any], principal: Principal | None = None) -> bool:
        """Whether the caller, or who is named instead, may look here and import."""
        principal = principal or call.principal
        is_whole = principal.user_id is None and principal.app is None
        return (
            self._discovery is not None
            and is_whole
            and principal.scopes >= _NEEDED
            and is_from_this_machine(call)
        )

    async def show(self, call: Call[Any, Any]) -> Response:
        """What the coding agents on this machine have kept"""
        finding = self._for(call).finding(call.principal.workspace_name)
        return await self._layout.part(call, "discovery.html", finding=finding)

    async def bring(self, call: Call[Any, Any], _form: Form) -> Response:
        """Import it"""
        discovery = self._for(call)
        discovery.begin(call.principal.workspace_name)
        return await self.show(call) if wants_fragment(call, "discovery") else see_other("/ui/")

    def _for(self, call: Call[Any, Any]) -> Discovery:
        if self._discovery is None or not self.is_offered(call):
            raise NotFound("sessions are looked for only on the server's own machine")
        return self._discovery


def is_from_this_machine(call: Call[Any, Any]) -> bool:
    """Whether a request came from here, under a name of this machine, and through no proxy."""
    client = call.scope.get("client")
    return (
        client is not None
        and is_loopback(client[0])
        and is_loopback(host_of(call.headers))
        and not any(call.headers.get(header) for header in _BY_A_PROXY)
    )
