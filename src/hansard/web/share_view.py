"""What a link to one session shows: the session without what the link leaves out."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from msgspec import Raw
from msgspec.structs import replace

if TYPE_CHECKING:
    from hansard.web.session_pane import Pane
    from hansard.web.transcript import Entry, Piece

SHOWN = (
    ("user", "the user's ID"),
    ("model", "models"),
    ("cost", "tokens and cost"),
    ("tools", "what tools were given and answered"),
    ("images", "images"),
)
"""What a link can leave out, and what the page calls it."""
_NOTHING_SPENT = {"input_tokens": 0, "output_tokens": 0, "cost_nanos": 0}


def leave_out(pane: Pane, hidden: Collection[str]) -> None:
    """Take what ``hidden`` names (``model.share.HIDDEN``) out of the pane."""
    if "user" in hidden:
        pane.session = replace(pane.session, user_id=None)
    if "cost" in hidden:
        pane.session = replace(pane.session, **_NOTHING_SPENT, runs_spent=Raw(b"{}"))
    for entry in pane.entries:
        _leave_out_of(entry, hidden)


def _leave_out_of(entry: Entry, hidden: Collection[str]) -> None:
    if "model" in hidden:
        entry.message = replace(entry.message, model=None)
    if "cost" in hidden:
        entry.message = replace(entry.message, **_NOTHING_SPENT)
    if "tools" in hidden:
        entry.pieces = [_without_values(piece) for piece in entry.pieces]
    if "images" in hidden:
        entry.pieces = [piece for piece in entry.pieces if piece.kind != "image"]


def _without_values(piece: Piece) -> Piece:
    if piece.kind not in {"call", "result"}:
        return piece
    return replace(piece, text="", result="", source=f"{piece.name}(…)" if piece.source else "")
