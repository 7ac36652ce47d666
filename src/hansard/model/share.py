from __future__ import annotations

from typing import Literal, get_args

import msgspec
from msgspec import Struct

Hidden = Literal["user", "model", "cost", "tools", "images"]
HIDDEN: tuple[str, ...] = get_args(Hidden)
"""What a link can leave out: the end user's id, the models, tokens and cost, what tools were given
and answered, and pictures.
"""


class Share(Struct, frozen=True):
    """A read-only link to one session; ``digest`` is that of the secret in the link.

    ``created_by`` is the id of the key that made it. ``hides`` is a JSON list of ``HIDDEN``.
    """

    id: str
    session_id: str
    digest: str
    created_by: str
    created_at: int
    expires_at: int
    revoked_at: int | None
    hides: str = "[]"

    @property
    def hidden(self) -> list[Hidden]:
        return msgspec.json.decode(self.hides, type=list[Hidden])
