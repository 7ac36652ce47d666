from __future__ import annotations

from msgspec import Struct


class View(Struct, frozen=True):
    """A saved filter of the list.

    ``query`` is a query string of ``GET /v1/sessions``, and may have a ``q`` that searches.
    """

    id: str
    name: str
    query: str
    created_at: int
