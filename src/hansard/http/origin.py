"""The origin that a browser sends with a request.

A cookie is valid for pages of this host alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from hansard.http.call import Headers

_OWN_SITES = {"same-origin", "none"}


def is_foreign(headers: Headers) -> bool:
    """Whether the request comes from a page of another host, or of another port of this one."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    return bool(origin and urlsplit(origin).netloc != headers.get("host")) or bool(
        site and site not in _OWN_SITES
    )


def is_said(headers: Headers) -> bool:
    """Whether the request names its origin at all.

    Every browser names it with a change.
    """
    return bool(headers.get("origin") or headers.get("sec-fetch-site"))
