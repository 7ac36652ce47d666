"""The page's own files: read once, packed once, kept by browsers for good under the digest of them all."""

from __future__ import annotations

import gzip
import re
from hashlib import blake2b
from importlib.resources import files
from typing import TYPE_CHECKING

from msgspec import Struct
from starlette.responses import Response

from hansard.errors import NotFound
from hansard.http.route import Route

if TYPE_CHECKING:
    from hansard.http.call import Call

TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
BUNDLES = {
    "core.js": ("dom", "live", "app"),
    "more.js": ("visit", "list", "acts", "reading", "bulk", "keys", "palette", "screens"),
}
"""Modules that travel together, each after those that it imports: what the list needs at once, and what the rest needs later."""

_FOLDER = files("hansard.web") / "static"
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_BLANK = re.compile(r"\s+")
_IMPORT = re.compile(r'^import (?:(\{.*?\}) from )?"\./(\w+)\.js"$', re.MULTILINE)
_LATER = re.compile(r'import\("\./(\w+)\.js"\)')
_EXPORT = re.compile(r"^export ((?:async )?(?:function|const) ([$\w]+))", re.MULTILINE)
_SIGNS = re.compile(r" ?([=+*<>?:&|,;{}()!-]+) ?")
_CONST = re.compile(r"\bconst (?=[\w{\[$])")
_BREAK = re.compile(r"(?<=[{,;(])\n|\n(?=[})])")
_INNER = r"`(?:[^`\\]|\\.)*`"
_TEXT = re.compile(
    r"(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`(?:\\.|\$\{(?:[^{}`]|"
    + _INNER
    + r"|\{[^{}]*\})*\}|[^`\\])*`"
    r"|(?<=[(,=:?!&| ])/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\[])+/[a-z]*)"
)
_AROUND = re.compile(r" ?([{};:,>]) ?")


class Asset(Struct, frozen=True):
    """One file as it is sent; ``packed`` is gzipped."""

    media_type: str
    plain: bytes
    packed: bytes


class Assets:
    """Every file of the folder; ``place`` is the path below which they lie, which changes when one of them does."""

    def __init__(self) -> None:
        texts = {
            entry.name: entry.read_text(encoding="utf-8")
            for entry in sorted(_FOLDER.iterdir(), key=lambda one: one.name)
        }
        bundles = {
            name: _bundle({one: texts.pop(f"{one}.js") for one in modules}, name)
            for name, modules in BUNDLES.items()
        }
        self.files = {name: _asset(name, text) for name, text in (texts | bundles).items()}
        digest = blake2b(
            b"".join(one.plain for one in self.files.values()), digest_size=5
        ).hexdigest()
        self.place = f"/ui/static/{digest}"

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
            call, call.path["name"], lasting=self.place.endswith("/" + call.path["digest"])
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
        if "gzip" in call.headers.get("accept-encoding"):
            return Response(
                asset.packed,
                headers=headers | {"Content-Encoding": "gzip"},
                media_type=asset.media_type,
            )
        return Response(asset.plain, headers=headers, media_type=asset.media_type)


def _asset(name: str, text: str) -> Asset:
    kind = name.rpartition(".")[2]
    plain = {"css": _slim_css, "js": _slim_js}.get(kind, str)(text).encode()
    return Asset(TYPES[kind], plain, gzip.compress(plain, 9, mtime=0))


def _slim_css(text: str) -> str:
    return _AROUND.sub(r"\1", _BLANK.sub(" ", _COMMENT.sub("", text))).replace(";}", "}").strip()


def _slim_js(text: str) -> str:
    """Without indentation and lines of comment: the scripts keep both out of their strings."""
    lines = (line.strip() for line in text.splitlines())
    return _BREAK.sub(
        "", "\n".join(_tight(line) for line in lines if line and not line.startswith("//"))
    )


def _tight(line: str) -> str:
    """A line without the blanks around its signs, and ``let`` for ``const``.

    Strings, patterns and templates, with one more inside at most, stay as they are.
    """
    pieces = _TEXT.split(line)
    return "".join(
        _SIGNS.sub(r"\1", _CONST.sub("let ", piece)) if place % 2 == 0 else piece
        for place, piece in enumerate(pieces)
    )


def _bundle(modules: dict[str, str], name: str) -> str:
    """Several modules as one file: each in a scope of its own, with what it exports in the shared object ``H``."""

    def later(found: re.Match[str]) -> str:
        return f"H.load('{found[1]}')"

    parts = ["const H = window.H ??= {}"]
    if name == "core.js":
        parts.append(
            "H.load = async one => { if (!H[one]) await import(import.meta.url.replace('core.js', 'more.js')); return H[one] }"
        )
    for module, text in modules.items():
        inside = _IMPORT.sub(
            lambda found: f"const {found[1]} = H.{found[2]}" if found[1] else "", text
        )
        exported = ", ".join(found[2] for found in _EXPORT.finditer(inside))
        parts.append(
            f"H.{module} = (() => {{\n{_LATER.sub(later, _EXPORT.sub(_unexported, inside))}\nreturn {{{exported}}}\n}})()"
        )
    return "\n".join(parts)


def _unexported(found: re.Match[str]) -> str:
    return found[1]
