"""The page's own files.

They are read and compressed once; browsers keep them under the digest of them all.
"""

from __future__ import annotations

import gzip
from hashlib import blake2b
from importlib.resources import files
from typing import TYPE_CHECKING

from msgspec import Struct
from starlette.responses import Response

from hansard.errors import NotFound
from hansard.http.compression import accepts_gzip
from hansard.http.route import Route
from hansard.web.addresses import below
from hansard.web.bundles import scripts, slim_css, slim_js, styles

if TYPE_CHECKING:
    from hansard.http.call import Call

TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}

_FOLDER = files("hansard.web") / "static"


class Asset(Struct, frozen=True):
    """One file as it is sent; ``packed`` is gzipped."""

    media_type: str
    plain: bytes
    packed: bytes


class Assets:
    """Every file that is sent.

    ``base_path`` is the path below which they lie, with their digest.
    """

    def __init__(self, root_path: str = "") -> None:
        texts = {"icon.svg": _sources("svg")["icon"]} | styles(_sources("css"))
        texts |= {name: below(root_path, text) for name, text in scripts(_sources("js")).items()}
        self.files = {name: _asset(name, text) for name, text in texts.items()}
        digest = blake2b(
            b"".join(file.plain for file in self.files.values()), digest_size=5
        ).hexdigest()
        self.base_path = f"{root_path}/ui/static/{digest}"

    @property
    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET /ui/static/{digest}/{name}",
                self._send,
                public=True,
                media_type="application/octet-stream",
            ),
            Route("GET /favicon.ico", self._icon, public=True, media_type="image/svg+xml"),
        )

    async def _send(self, call: Call[None, None]) -> Response:
        """A file of the page"""
        return self._answer(
            call, call.path["name"], lasting=self.base_path.endswith("/" + call.path["digest"])
        )

    async def _icon(self, call: Call[None, None]) -> Response:
        """The icon"""
        return self._answer(call, "icon.svg", lasting=False)

    def _answer(self, call: Call[None, None], name: str, *, lasting: bool) -> Response:
        asset = self.files.get(name)
        if asset is None:
            raise NotFound(f"there is no file {name!r} here", code="route_not_found")
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable" if lasting else "no-cache",
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if accepts_gzip(call.headers):
            return Response(
                asset.packed,
                headers=headers | {"Content-Encoding": "gzip"},
                media_type=asset.media_type,
            )
        return Response(asset.plain, headers=headers, media_type=asset.media_type)


def _sources(kind: str) -> dict[str, str]:
    """The files of the folder that end so, by their names without the ending."""
    return {
        entry.name.removesuffix(f".{kind}"): entry.read_text(encoding="utf-8")
        for entry in _FOLDER.iterdir()
        if entry.name.endswith(f".{kind}")
    }


def _asset(name: str, text: str) -> Asset:
    kind = name.rpartition(".")[2]
    plain = {"css": slim_css, "js": slim_js}.get(kind, str)(text).encode()
    return Asset(TYPES[kind], plain, gzip.compress(plain, 9, mtime=0))
