from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal, get_args

import msgspec
from msgspec import Meta, Raw, Struct

from hansard.model import tool_calls
from hansard.model.item import Item
from hansard.model.page import PAGE_BYTES
from hansard.model.tool_calls import Tally
from hansard.model.units import Microseconds, NanoDollars

Role = Literal["system", "user", "assistant", "tool"]
ROLES: tuple[str, ...] = get_args(Role)
_NEAREST: dict[str, Role] = {"developer": "system", "function": "tool", "model": "assistant"}
_ROLE = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
MOST_TOKENS, MOST_USD = 10**12, 10**6
MOST_NANOS = MOST_USD * 10**9
_LONG = 64 * 1024


class Message(Struct, frozen=True):
    """One entry of a session, ordered by ``seq``; it can be edited in place, and deleted.

    Times are in UTC. Null stands for what was not set or does not apply.
    """

    session_id: str
    """The session that it belongs to. Set by the server."""
    seq: int
    """Its number in the session, from 1 without gaps; never used again. Set by the server."""
    id: str
    """`msg_` and a UUID, which carries the `seq`. Set by the server."""
    client_id: str | None
    """The caller's own id, 1–256 characters, unique in the session: a message sent again with
    the same one is stored once."""
    role: str
    """Whose message it is. Set by the caller."""
    sender: str | None
    """`operator` for an assistant message that a person wrote; else null. Set by the caller."""
    sender_id: str | None
    """That person, by the application's id. Set by the caller; at most 256 characters."""
    model: str | None
    """The language model that wrote it. Set by the caller; at most 256 characters."""
    run_id: str | None
    """The run that it is part of, 1–256 characters. Set by the caller."""
    input_tokens: int
    """Model tokens read for it, cached ones included. Set by the caller; 0 by default."""
    output_tokens: int
    """Model tokens written for it, reasoning included. Set by the caller; 0 by default."""
    cache_read_tokens: int
    """Those of the input that a cache held. Set by the caller; 0 by default."""
    cache_write_tokens: int
    """Those of the input that a cache took in. Set by the caller; 0 by default."""
    reasoning_tokens: int
    """Those of the output that were reasoning. Set by the caller; 0 by default."""
    cost_nanos: NanoDollars
    """What it cost. Set by the caller; 0 by default."""
    created_at: Microseconds
    """When it was written: the time that the caller gave, else the time of the request."""
    parts: Raw
    """What it consists of: a list of at least one part, kept byte for byte. Set by the caller."""
    metadata: Raw
    """The application's own JSON object, kept byte for byte. Set by the caller."""
    item_format: str | None = None
    """What sort of `item` it has, if any. Set by the caller; at most 64 characters."""
    item_hash: bytes | None = None
    """The digest of its item, which the hash chain covers. Set by the server."""
    edited_at: Microseconds | None = None
    """When it was last replaced in place; null for one that is as it was appended."""
    edit_hash: bytes | None = None
    """The hash of what it says since then, after the hash that it has in the chain."""

    @property
    def known_role(self) -> str:
        """Its role, or the one of ours that stands for a foreign one."""
        return known_role(self.role)


class Usage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Model tokens and their price, counted as OpenTelemetry does: the parts are included."""

    example: ClassVar[dict[str, float]] = {
        "input_tokens": 210,
        "output_tokens": 9,
        "cache_read_tokens": 180,
        "cache_write_tokens": 20,
        "reasoning_tokens": 4,
        "cost_usd": 0.0004,
    }

    input_tokens: Annotated[int, Meta(ge=0, le=MOST_TOKENS)] = 0
    """Model tokens read, cached ones included."""
    output_tokens: Annotated[int, Meta(ge=0, le=MOST_TOKENS)] = 0
    """Model tokens written, reasoning included."""
    cache_read_tokens: Annotated[int, Meta(ge=0, le=MOST_TOKENS)] = 0
    """Those of the input that a cache held."""
    cache_write_tokens: Annotated[int, Meta(ge=0, le=MOST_TOKENS)] = 0
    """Those of the input that a cache took in."""
    reasoning_tokens: Annotated[int, Meta(ge=0, le=MOST_TOKENS)] = 0
    """Those of the output that were reasoning."""
    cost_usd: Annotated[float, Meta(ge=0, le=MOST_USD)] = 0.0
    """Their price, in US dollars."""


class MessageDraft(Struct, frozen=True, kw_only=True):
    """A message to append; ``text`` is the text of its parts, for titles and previews.

    ``calls`` is what long parts add to the tools of a session: read where the draft is made, so
    that no transaction waits for it.
    """

    role: str
    parts: Raw
    text: str = ""
    client_id: str | None = None
    sender: str | None = None
    sender_id: str | None = None
    model: str | None = None
    run_id: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_nanos: int = 0
    created_at: int | None = None
    metadata: Raw = Raw(b"{}")
    item: Item | None = None
    calls: Tally | None = None

    def __post_init__(self) -> None:
        if self.calls is None and memoryview(self.parts).nbytes > _LONG:
            msgspec.structs.force_setattr(self, "calls", tool_calls.tally([self.parts]))


class MessageQuery(Struct, frozen=True, kw_only=True):
    """A stretch of a transcript. At most one of ``before``, ``after`` and ``around`` is set, a seq.

    Without any, ``newest`` takes the last ``limit`` messages, else the first. ``descending`` is the
    order of the answer. Empty ``roles`` mean all. ``created_before`` is strict, in microseconds.
    Fewer than ``limit`` are given where more would go beyond ``most_bytes``; one is in any case.
    """

    limit: int = 50
    before: int | None = None
    after: int | None = None
    around: int | None = None
    newest: bool = False
    descending: bool = False
    roles: tuple[str, ...] = ()
    created_before: int | None = None
    most_bytes: int = PAGE_BYTES

    @property
    def backwards(self) -> bool:
        """Whether further pages hold older messages; independent of the order within a page."""
        return self.before is not None or (self.after is None and self.newest)


def is_role(role: str) -> bool:
    """Whether a foreign item may have this role; all others are one of ``ROLES``."""
    return _ROLE.fullmatch(role) is not None


def known_role(role: str) -> str:
    """The role, or the one of ours that stands for a foreign one."""
    return role if role in ROLES else _NEAREST.get(role, "assistant")
