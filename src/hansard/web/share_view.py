"""What a link to one session shows: only what is named here, less what the link leaves out."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Self

from msgspec import Struct
from msgspec.structs import replace

from hansard.web.formatting import title
from hansard.web.transcript import Block, Entry, Piece, blocks, shown

if TYPE_CHECKING:
    from datetime import tzinfo

    from hansard.model import Message
    from hansard.web.session_pane import Stretch

SHOWN = (
    ("user", "the user's ID"),
    ("model", "models"),
    ("cost", "tokens and cost"),
    ("tools", "what tools were given and answered"),
    ("images", "images"),
)
"""What a link can leave out, and what the page calls it."""
_NOTHING_SPENT = {"input_tokens": 0, "output_tokens": 0}


class SharedSession(Struct, frozen=True):
    """A session as somebody without a key sees it.

    The head has these fields alone: no error of a run, no trail, metadata, notes or id.
    ``earlier`` and ``later`` are the seqs to go on from, None at the ends.
    """

    title: str
    state: str | None
    labels: list[str]
    message_count: int
    input_tokens: int
    output_tokens: int
    cost_nanos: int
    created_at: int
    blocks: list[Block]
    count: int
    earlier: int | None
    later: int | None

    @classmethod
    async def of(cls, stretch: Stretch, hidden: Collection[str], zone: tzinfo) -> Self:
        """The page of messages without what ``hidden`` (``model.share.HIDDEN``) names."""
        session = stretch.session
        transcript = await shown(stretch.messages, agent=session.agent, zone=zone)
        for entry in transcript:
            _leave_out(entry, hidden)
        user_id = None if "user" in hidden else session.user_id
        labels = [session.channel, session.app, session.agent, user_id]
        spent, hides_cost = session.spent, "cost" in hidden
        return cls(
            title=title(session),
            state=session.state,
            labels=[label for label in labels if label],
            message_count=session.message_count,
            input_tokens=0 if hides_cost else spent.input_tokens,
            output_tokens=0 if hides_cost else spent.output_tokens,
            cost_nanos=0 if hides_cost else spent.cost_nanos,
            created_at=session.created_at,
            blocks=blocks(transcript),
            count=len(stretch.messages),
            earlier=stretch.earlier,
            later=stretch.later,
        )


def shows_images_of(message: Message, hidden: Collection[str]) -> bool:
    """Whether a link shows the images of the message; a tool's are what the tool answered."""
    return "images" not in hidden and not (message.role == "tool" and "tools" in hidden)


def _leave_out(entry: Entry, hidden: Collection[str]) -> None:
    if "model" in hidden:
        entry.message = replace(entry.message, model=None)
    if "cost" in hidden:
        entry.message = replace(entry.message, **_NOTHING_SPENT)
    pieces = (_shown(piece, entry.message, hidden) for piece in entry.pieces)
    entry.pieces = [piece for piece in pieces if piece is not None]


def _shown(piece: Piece, message: Message, hidden: Collection[str]) -> Piece | None:
    """The piece as the link shows it; None for what it leaves out, and for unknown parts."""
    match piece.kind:
        case "call" | "result":
            return _without_values(piece) if "tools" in hidden else replace(piece, run_id=None)
        case _ if message.role == "tool" and "tools" in hidden:
            return None
        case "image" | "link" | "file" if "images" in hidden and _may_be_image(piece):
            return None
        case "text" | "reasoning" | "image" | "link":
            return piece
        case "file":
            return replace(piece, text="")
        case _:
            return None


def _may_be_image(piece: Piece) -> bool:
    """Whether it is an image, or a link that does not say what it leads to."""
    return piece.modality == "image" or piece.kind == "image" or not piece.modality


def _without_values(piece: Piece) -> Piece:
    source = f"{piece.name}(…)" if piece.source else ""
    return replace(piece, text="", result="", source=source, run_id=None)
