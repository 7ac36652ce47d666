"""What the page offers beside what is stored; only a server that runs by itself can do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from hansard.web.discovery import Discovery
    from hansard.web.sign_ins import Demo


class Offers(Struct, frozen=True):
    """``demo`` fills a workspace; ``discovery`` finds sessions on this machine. None: neither."""

    demo: Demo | None = None
    discovery: Discovery | None = None


NOTHING = Offers()
