"""The key that a request shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hansard.errors import Unauthenticated

if TYPE_CHECKING:
    from hansard.http.call import Call
    from hansard.http.route import Dialect

_CARRIERS = frozenset({b"authorization", b"x-api-key"})


def credential(dialect: Dialect, call: Call[Any, Any]) -> str | None:
    """The one key that a request shows; Unauthenticated when it shows two that differ."""
    shown = []
    for name, value in [each for each in call.scope["headers"] if each[0] in _CARRIERS]:
        if name == b"x-api-key":
            shown.append(value.decode("latin-1").strip())
        elif token := _bearer(value.decode("latin-1")):
            shown.append(token.strip())
    if not shown and dialect.credential is not None:
        extra = dialect.credential(call)
        shown = [extra] if extra else []
    if len(shown) > 1 and len(set(shown)) > 1:
        raise Unauthenticated("the request shows two different keys: send one")
    return shown[0] if shown else None


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    return token if scheme.lower() == "bearer" else ""
