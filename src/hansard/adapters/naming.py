"""Session names for the ids of frameworks, which may hold anything."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import quote, unquote

LONGEST = 256
_ENCODED = re.compile(r"[:/%\x00-\x1f\x7f\ud800-\udfff]")
_ENCODED_IN_PART = re.compile(r"[|:/%\x00-\x1f\x7f\ud800-\udfff]")


def session_name(id: str) -> str:
    """The session of a framework's id: the id itself where it can be one.

    What a session's id cannot hold, ``%`` and ``:``, for which a lookup also takes ``_``, is
    percent-encoded; a lookup takes ``:`` for ``%3A``, as it stood in names before. An id that is
    then longer than 256 characters is replaced by a hash of it. Raises ValueError for an empty id.
    """
    if not id:
        raise ValueError("the id of a session is empty: give it one or more characters")
    name = "%2E" * len(id) if id in {".", ".."} else _ENCODED.sub(_encoded, id)
    if len(name) > LONGEST:
        return "sha256-" + hashlib.sha256(id.encode("utf-8", "surrogatepass")).hexdigest()
    return name


def joined_name(*ids: str) -> str:
    """The session of several ids of a framework, as in ``shop|ada|order-17``.

    What separates them, what a session's id cannot hold, and ``:``, for which a lookup also takes
    ``_``, is percent-encoded in each. A name that is longer than 256 characters is its hash.
    """
    name = "|".join(_ENCODED_IN_PART.sub(_encoded, id) for id in ids)
    if len(name) > LONGEST:
        return "sha256-" + hashlib.sha256(name.encode()).hexdigest()
    return name


def framework_id(name: str) -> str:
    """The id that a session was named after; a hash stays as it is."""
    return unquote(name, errors="surrogatepass")


def _encoded(match: re.Match[str]) -> str:
    return quote(match[0], safe="", errors="surrogatepass")
