"""Find the route of a path: a tree of segments, literals before parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from hansard.errors import Invalid, NotFound
from hansard.http.answers import REFUSAL
from hansard.http.route import Dialect, Route

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Scope

_DEEPEST = 11
_QUOTED_SLASH = b"%2f"
Methods = dict[str, tuple[Dialect, Route]]


class Node:
    __slots__ = ("children", "methods", "names", "parameter")

    def __init__(self) -> None:
        self.children: dict[str, Node] = {}
        self.parameter: Node | None = None
        self.methods: Methods = {}
        self.names: dict[str, tuple[str, ...]] = {}


class Router:
    """Finds the methods that a path offers, and the dialect that owns a path without any."""

    def __init__(self, dialects: Iterable[Dialect], root_path: str = "") -> None:
        self._root_path = root_path
        self._root = Node()
        self._static: dict[str, Methods] = {}
        self._prefixes: list[tuple[str, Dialect]] = []
        for dialect in dialects:
            self._prefixes += [(prefix.rstrip("/"), dialect) for prefix in dialect.prefixes]
            for route in dialect.routes:
                self._add(dialect, route)
        self._prefixes.sort(key=lambda pair: -len(pair[0]))

    def route_of(self, scope: Scope) -> tuple[Dialect, Route, dict[str, str]]:
        """The dialect and the route of a request, and the values in its path.

        Raises NotFound, Invalid ``method_not_allowed``, or what the request is refused with.
        """
        method, path = scope["method"], scope["path"]
        if (refusal := scope.get("extensions", {}).get(REFUSAL)) is not None:
            raise refusal
        methods, names, values = self._routes_of(scope, path)
        entry = methods.get(method) or (methods.get("GET") if method == "HEAD" else None)
        if entry is None or "\x00" in path:
            if not methods or "\x00" in path:  # no id holds one, and PostgreSQL takes none
                raise NotFound(f"there is no {self._root_path}{path} here", code="route_not_found")
            allowed = ", ".join(sorted(methods))
            raise Invalid(
                f"{self._root_path}{path} does not answer {method}, only {allowed}",
                code="method_not_allowed",
                allow=allowed,
            )
        dialect, route = entry
        return (
            dialect,
            route,
            dict(zip(names.get(route.method, ()), values, strict=True)) if values else {},
        )

    def _routes_of(
        self, scope: Scope, path: str
    ) -> tuple[Methods, dict[str, tuple[str, ...]], tuple[str, ...]]:
        """The routes of a path, in which an id may have a slash that is quoted as ``%2F``."""
        raw = scope.get("raw_path") or b""
        if b"%" in raw and _QUOTED_SLASH in raw.lower() and unquote(raw.decode("latin-1")) == path:
            quoted = self.find_quoted(raw)
            if quoted[0]:
                return quoted
        return self.find(path)

    def find(self, path: str) -> tuple[Methods, dict[str, tuple[str, ...]], tuple[str, ...]]:
        """The path's routes by method, the names of their parameters, and the path's values.

        A path without routes gives no routes.
        """
        static = self._static.get(path)
        if static is not None:
            return static, {}, ()
        return self._parts(path[1:].removesuffix("/").split("/"))

    def find_quoted(
        self, raw_path: bytes
    ) -> tuple[Methods, dict[str, tuple[str, ...]], tuple[str, ...]]:
        """As ``find`` for a path that is still quoted: a quoted slash belongs to its segment."""
        segments = raw_path.decode("latin-1")[1:].removesuffix("/").split("/")
        return self._parts([unquote(segment) for segment in segments])

    def _parts(
        self, segments: list[str]
    ) -> tuple[Methods, dict[str, tuple[str, ...]], tuple[str, ...]]:
        match = _walk(self._root, segments, 0, ()) if len(segments) <= _DEEPEST else None
        if match is None:
            return {}, {}, ()
        node, values = match
        return node.methods, node.names, values

    def owner(self, path: str) -> Dialect:
        """The dialect in whose shape an unknown path fails."""
        return next(
            (
                dialect
                for prefix, dialect in self._prefixes
                if path == prefix or path.startswith(prefix + "/")
            ),
            self._prefixes[-1][1],
        )

    def known_part(self, path: str) -> str:
        """The part of an unknown path that may be logged.

        It ends where no route names the next segment, since the rest may be a secret.
        """
        node, known = self._root, ""
        for segment in path[1:].split("/"):
            if segment not in node.children:
                return f"{known}/…" if segment else known or "/"
            node, known = node.children[segment], f"{known}/{segment}"
        return known

    def _add(self, dialect: Dialect, route: Route) -> None:
        segments = route.path.strip("/").split("/")
        node, names = self._root, []
        for segment in segments:
            if segment.startswith("{"):
                names.append(segment.strip("{}"))
                node.parameter = node = node.parameter or Node()
            else:
                node = node.children.setdefault(segment, Node())
        if route.method in node.methods:
            message = (
                f"{route.method} {route.path} is declared by both "
                f"{node.methods[route.method][0].name} and {dialect.name}"
            )
            raise TypeError(message)
        node.methods[route.method] = (dialect, route)
        node.names[route.method] = tuple(names)
        if not names:
            self._static[route.path] = node.methods


def _walk(
    node: Node, segments: list[str], depth: int, values: tuple[str, ...]
) -> tuple[Node, tuple[str, ...]] | None:
    if depth == len(segments):
        return (node, values) if node.methods else None
    child = node.children.get(segments[depth])
    match = _walk(child, segments, depth + 1, values) if child else None
    if match is None and node.parameter is not None and segments[depth]:
        match = _walk(node.parameter, segments, depth + 1, (*values, segments[depth]))
    return match
