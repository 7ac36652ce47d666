"""How much, how long and how late what is written may be, whoever brings it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hansard import ids
from hansard.errors import Invalid
from hansard.model.item import FORMAT
from hansard.model.json_depth import DEPTH, is_too_deep
from hansard.model.message import MOST_NANOS, MOST_TOKENS, MessageDraft
from hansard.model.usage import SUMS

if TYPE_CHECKING:
    from msgspec import Raw

    from hansard.model import Message, Run, RunDraft, RunPatch
    from hansard.model.item import Item

    Usage = Message | MessageDraft | Run | RunDraft | RunPatch

TEXT = 256
_HALF = re.compile("[\ud800-\udfff]")
_AHEAD = 86_400_000_000
_MOST = dict.fromkeys(SUMS, MOST_TOKENS) | {"cost_nanos": MOST_NANOS}


def own_id(name: str, param: str = "id") -> str:
    """The caller's own id; Invalid when no path could carry it."""
    if not ids.is_own_id(name):
        raise Invalid(
            f"{param} must be 1-{ids.MAX_LENGTH} characters without a slash or a control character",
            param=param,
        )
    return name


def short(text: str | None, param: str, length: int = TEXT) -> str | None:
    """A short text that a store can hold, None when it is blank."""
    if text is None:
        return None
    if len(text) > length:
        raise Invalid(f"{param} is longer than {length} characters", param=param)
    if "\x00" in text:
        raise Invalid(f"{param} contains a NUL character", param=param)
    if not text.isascii() and _HALF.search(text):
        raise Invalid(f"{param} contains half of a surrogate pair", param=param)
    return text or None


def not_ahead(at: int | None, now: int, param: str) -> None:
    """Raises Invalid for a time more than a day ahead, which would head every list until then."""
    if at is not None and at > now + _AHEAD:
        raise Invalid(
            f"{param} is more than a day in the future: send the time in UTC, or with its offset",
            param=param,
        )


def spent(usage: Usage, where: str) -> None:
    """Raises Invalid for tokens or a price that no message or run can have cost."""
    for field, most in _MOST.items():
        number = getattr(usage, field)
        if number is not None and not 0 <= number <= most:
            raise Invalid(f"{where}.{field} must be from 0 to {most}", param=f"{where}.{field}")


def shallow(value: Raw, where: str) -> None:
    """Raises Invalid for JSON that is nested deeper than a body may be."""
    if is_too_deep(bytes(value)):
        raise Invalid(f"{where} is nested more than {DEPTH} deep", param=where, code="too_deep")


def check_message(message: MessageDraft | Message, where: str, now: int) -> None:
    """Refuse a message that no session could take: Invalid names the field."""
    if message.client_id is not None:
        own_id(message.client_id, f"{where}.client_id")
    if message.run_id is not None:
        own_id(message.run_id, f"{where}.run_id")
    short(message.sender_id, f"{where}.sender_id")
    short(message.model, f"{where}.model")
    not_ahead(message.created_at, now, f"{where}.created_at")
    spent(message, where)
    if isinstance(message, MessageDraft) and message.item is not None:
        check_item(message.item, f"{where}.item")


def check_item(item: Item, where: str) -> None:
    """Refuse an item whose format has no name; Invalid names the field."""
    if not short(item.format, f"{where}.format", FORMAT):
        raise Invalid(f"{where}.format is empty: name what the item is", param=f"{where}.format")


def check_imported(message: MessageDraft | Message, where: str, now: int) -> None:
    """Check a message of a file, whose JSON has not been looked at yet."""
    check_message(message, where, now)
    shallow(message.parts, f"{where}.parts")
    shallow(message.metadata, f"{where}.metadata")
