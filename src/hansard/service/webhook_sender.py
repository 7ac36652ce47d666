"""Sends a delivery to its address: signed, and never to a private network.

A host's addresses are looked up once for each try, and the connection goes to one of those that
were checked, so that a name that leads elsewhere a moment later is of no use. No redirect is
followed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct
from standardwebhooks import Webhook as Signer

from hansard import __version__

if TYPE_CHECKING:
    import httpx

    from hansard.model.webhook import Delivery

SECONDS = 15.0
Resolve = Callable[[str, int], Awaitable[list[str]]]
_PORTS = {"https": 443, "http": 80}
_ENDING_IN_IPV4 = [
    ipaddress.IPv6Network(network)
    for network in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")
]
"""Compatible, mapped, and translated, the last by NAT64."""
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")
"""For the translators of a network of one's own, wherever they put the IPv4 address."""


class Outcome(Struct, frozen=True):
    """How a try went: the status of the answer, or why there was none."""

    status: int | None = None
    error: str | None = None

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - what HTTP calls a success

    @property
    def is_gone(self) -> bool:
        """Whether the address asked for no more."""
        return self.status == 410  # noqa: PLR2004 - Gone


class PrivateAddress(Exception):
    """The host leads to an address that is not of the public internet."""


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host; OSError where there are none."""
    infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in infos))


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, also where it is spelled within another."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.is_site_local or ip in _LOCAL_NAT64:
            return False
        ip = _embedded(ip) or ip
    return ip.is_global and not ip.is_multicast


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that packets for this IPv6 address are translated or tunnelled to."""
    if any(ip in network for network in _ENDING_IN_IPV4):
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


class Sender:
    """Sends deliveries over its own connections, which the first delivery opens.

    ``resolve`` looks hosts up. ``allow_private`` lets deliveries go to any network.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        resolve: Resolve = resolve,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._allow_private = allow_private
        self._resolve = resolve
        self._transport = transport
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def send(self, url: str, secret: str, delivery: Delivery, now: int) -> Outcome:
        """Try once; ``now`` is in microseconds."""
        try:
            async with asyncio.timeout(SECONDS):
                return Outcome(status=await self._post(url, secret, delivery, now))
        except TimeoutError:
            return Outcome(error=f"no answer within {SECONDS:g} seconds")
        except (OSError, PrivateAddress, ValueError) as problem:
            return Outcome(error=str(problem)[:500] or type(problem).__name__)
        except Exception as problem:  # noqa: BLE001 - httpx has many; each is a try that failed
            return Outcome(error=f"{type(problem).__name__}: {problem}"[:500])

    async def _post(self, url: str, secret: str, delivery: Delivery, now: int) -> int:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        address = await self._checked(host, port)
        literal = f"[{address}]" if ":" in address else address
        pinned = parts._replace(netloc=f"{literal}:{port}", fragment="").geturl()
        at = datetime.fromtimestamp(now // 1_000_000, UTC)
        headers = {
            "Host": parts.netloc.rpartition("@")[2],
            "Content-Type": "application/json",
            "User-Agent": f"hansard-webhooks/{__version__}",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(now // 1_000_000),
            "webhook-signature": Signer(secret).sign(delivery.id, at, delivery.body),
        }
        client = self._opened()
        request = client.build_request(
            "POST",
            pinned,
            content=delivery.body.encode(),
            headers=headers,
            extensions={"sni_hostname": host},
        )
        response = await client.send(request, stream=True, follow_redirects=False)
        await response.aclose()
        return response.status_code

    def _opened(self) -> httpx.AsyncClient:
        import httpx  # noqa: PLC0415 - for those who have webhooks; it takes long to load

        if self._client is None:
            self._client = httpx.AsyncClient(transport=self._transport, trust_env=False)
        return self._client

    async def _checked(self, host: str, port: int) -> str:
        """An address of the host, none of whose addresses is private."""
        addresses = await self._resolve(host, port)
        if not addresses:
            raise OSError(f"{host} has no address")
        if not self._allow_private and not all(map(is_public, addresses)):
            raise PrivateAddress(
                f"{host} leads to a private address: webhooks go to the public internet alone,"
                " unless the setting webhook_private lets them"
            )
        return addresses[0]
