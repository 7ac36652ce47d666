"""Where a browser says that a request comes from: what a cookie proves, it proves for pages of this host alone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from hansard.http.call import Headers

_OWN_SITES = {"same-origin", "none"}


def is_foreign(headers: Headers) -> bool:
    """Whether the request says that it comes from a page of another host, or of another port of this one."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    return bool(origin and urlsplit(origin).netloc != headers.get("host")) or bool(
        site and site not in _OWN_SITES
    )


def is_said(headers: Headers) -> bool:
    """Whether the request says at all where it comes from, as every browser does when it changes something."""
    return bool(headers.get("origin") or headers.get("sec-fetch-site"))
