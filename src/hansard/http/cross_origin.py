"""Other origins whose pages may call the API from a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.middleware.cors import CORSMiddleware

from hansard.errors import Invalid
from hansard.http.limits import NAMES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from starlette.types import ASGIApp

    from hansard.http.route import Dialect

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_SENT = (
    "Authorization", "X-API-Key", "Content-Type", "Hansard-Position", "Idempotency-Key", "If-Match",
    "If-None-Match", "Last-Event-ID", "X-Request-ID",
)  # fmt: skip
_EXPOSED = (
    "Content-Disposition", "ETag", "Hansard-Position", "Idempotent-Replayed", "Link", "Location",
    "Retry-After", "X-Request-ID",
)  # fmt: skip
_PREFLIGHT_SECONDS = 7200
"""How long a browser may keep the answer to a preflight request; none keeps it longer."""


def origins_of(text: str) -> tuple[str, ...]:
    """The origins that a setting names, separated by commas; Invalid for what is none."""
    origins = tuple(origin for part in text.split(",") if (origin := part.strip().rstrip("/")))
    for origin in origins:
        scheme, separator, host = origin.partition("://")
        if origin != "*" and (scheme not in {"http", "https"} or not separator or "/" in host):
            raise Invalid(
                f"cors_origins: {origin!r} is not an origin: write one such as https://app.example.com",
                param="cors_origins",
            )
    return origins


def allowing(app: ASGIApp, origins: Sequence[str], dialects: Collection[Dialect]) -> ASGIApp:
    """The application for pages of these origins too, which may speak the dialects.

    Cookies are not taken from them.
    """
    sent = {name for dialect in dialects for name in dialect.headers}
    limits = {dialect.limit_prefix + name for dialect in dialects for name in NAMES}
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=_METHODS,
        allow_headers=(*_SENT, *sorted(sent)),
        expose_headers=(*_EXPOSED, *sorted(limits)),
        max_age=_PREFLIGHT_SECONDS,
    )
