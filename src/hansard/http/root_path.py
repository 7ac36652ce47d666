"""The path below which a proxy serves Hansard, such as ``/hansard``; empty at the root.

Routes, logs and caches know none. It is taken off a request that still has it, and put before the
addresses that leave the process: by ``Call.address``, and before ``Location`` when it is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Scope


def check(root: str, routes: Iterable[str]) -> None:
    """Raise Invalid where a path of ``routes`` begins with the root.

    Nobody could tell then whether a proxy has taken the root off a request.
    """
    if root and (taken := next((path for path in routes if _begins(path, root)), None)):
        raise Invalid(
            f"root_path cannot be {root}: Hansard itself has {taken}. "
            "Choose another one, such as /hansard",
            code="bad_setting",
            param="root_path",
        )


def enter(scope: Scope, root: str) -> None:
    """Say in the scope where the server is, and take that off the path, if it is still there."""
    scope["root_path"] = root
    if root:
        scope["path"] = within(scope["path"], root)
        if raw := scope.get("raw_path"):
            scope["raw_path"] = within(raw.decode("latin-1"), root).encode("latin-1")


def within(path: str, root: str) -> str:
    """The path without the root before it."""
    if path == root:
        return "/"
    return path.removeprefix(root) if path.startswith(f"{root}/") else path


def _begins(path: str, root: str) -> bool:
    """Whether a path of this pattern may begin with the root."""
    pieces, wanted = path.split("/"), root.split("/")
    return len(pieces) >= len(wanted) and all(
        piece.startswith("{") or piece == name for piece, name in zip(pieces, wanted, strict=False)
    )
