"""Limits on a session's texts and on the fields that every list carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType
from msgspec.structs import fields

from hansard.errors import Invalid, TooLarge
from hansard.model import SessionDraft
from hansard.model.bounds import short
from hansard.model.session import METADATA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.model import Session, SessionPatch

TITLE, TAGS, TAG = 500, 64, 128
SIZES = {"metadata": METADATA, "trail": 256 * 1024, "external_ids": 16 * 1024}
"""In bytes of JSON."""
TEXTS = tuple(
    field.name
    for field in fields(SessionDraft)
    if field.type == str | None and field.name not in {"id", "title", "title_by", "parent"}
)
"""The fields of a session that are short texts."""


def check_texts(
    texts: SessionDraft | SessionPatch | Session, tags: Sequence[str] | UnsetType
) -> None:
    """Raise Invalid for a text that is too long, too many tags, or an empty tag."""
    for field in TEXTS:
        value = getattr(texts, field)
        if isinstance(value, str):
            short(value, field)
    if isinstance(texts.title, str):
        short(texts.title, "title", TITLE)
    if tags is not UNSET:
        if len(tags) > TAGS:
            raise Invalid(f"a session has at most {TAGS} tags", param="tags")
        for index, tag in enumerate(tags):
            if not short(tag, f"tags[{index}]", TAG):
                raise Invalid(f"tags[{index}] is empty", param=f"tags[{index}]")


def sized(session: Session) -> Session:
    """The session itself; TooLarge when a field is larger than a list can carry."""
    for field, most in SIZES.items():
        size = len(bytes(getattr(session, field)))
        if size > most:
            raise TooLarge(
                f"{field} would be {size} bytes, at most {most}: store larger data in messages",
                param=field,
                code="field_too_large",
            )
    return session
