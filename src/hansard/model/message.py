from __future__ import annotations

from typing import Annotated, Literal, get_args

from msgspec import Meta, Raw, Struct

Role = Literal["system", "user", "assistant", "tool"]
ROLES: tuple[str, ...] = get_args(Role)
MOST_TOKENS, MOST_USD = 10**12, 10**6


class Message(Struct, frozen=True):
    """One entry of a session, ordered by ``seq``; ``parts`` and ``metadata`` are JSON, kept byte for byte.

    ``sender`` is ``operator`` when a person of the house wrote an assistant message, else None;
    ``sender_id`` says who, by the application's id.  ``cost_nanos`` is in 10⁻⁹ US dollars.
    """

    session_id: str
    seq: int
    id: str
    client_id: str | None
    role: str
    sender: str | None
    sender_id: str | None
    model: str | None
    run_id: str | None
    input_tokens: int
    output_tokens: int
    cost_nanos: int
    created_at: int
    parts: Raw
    metadata: Raw


class Usage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Model tokens and their price in US dollars; bounded on the wire, so that the sums of millions of messages stay within 64 bits."""

    input_tokens: Annotated[int, Meta(ge=0, le=MOST_TOKENS)] = 0
    output_tokens: Annotated[int, Meta(ge=0, le=MOST_TOKENS)] = 0
    cost_usd: Annotated[float, Meta(ge=0, le=MOST_USD)] = 0.0


class MessageDraft(Struct, frozen=True, kw_only=True):
    """A message on its way in; ``text`` is what its parts say in words (titles, previews)."""

    role: Role
    parts: Raw
    text: str = ""
    client_id: str | None = None
    sender: str | None = None
    sender_id: str | None = None
    model: str | None = None
    run_id: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nanos: int = 0
    created_at: int | None = None
    metadata: Raw = Raw(b"{}")


class MessageQuery(Struct, frozen=True, kw_only=True):
    """A stretch of a transcript. ``before``, ``after`` and ``around`` are ``seq`` numbers, at most one is given.

    Without any, ``newest`` takes the last ``limit`` messages, else the first.  ``descending`` is the order
    of the answer.  ``roles`` empty means all.  ``created_before`` is strict, in microseconds.
    """

    limit: int = 50
    before: int | None = None
    after: int | None = None
    around: int | None = None
    newest: bool = False
    descending: bool = False
    roles: tuple[str, ...] = ()
    created_before: int | None = None

    @property
    def backwards(self) -> bool:
        """Whether it is read towards the beginning: a further page holds older messages, whatever the order of each."""
        return self.before is not None or (self.after is None and self.newest)
