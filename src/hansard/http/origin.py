"""The origin that a browser sends with a request.

A cookie is valid for pages of this host alone.
"""

from __future__ import annotations

from ipaddress import ip_address
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


def is_rebound(headers: Headers, server: tuple[str, int | None] | None) -> bool:
    """Whether a browser came to an address of this machine under a name that is none of its own.

    That is what a page does whose name was made to lead here. ``server`` is the address that was
    reached, as ASGI tells it.
    """
    return bool(
        headers.get("origin")
        and server
        and is_loopback(server[0])
        and not is_loopback(host_of(headers))
    )


def host_of(headers: Headers) -> str | None:
    """The name in the request's ``Host``, without its port; None where it is no name."""
    try:
        return urlsplit(f"//{headers.get('host')}").hostname
    except ValueError:
        return None


def is_loopback(address: str | None) -> bool:
    """Whether an address or a host's name is this machine's own."""
    try:
        return address == "localhost" or ip_address(address or "").is_loopback
    except ValueError:
        return False
