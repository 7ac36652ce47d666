"""A context for a model, as the server answers it."""

from __future__ import annotations

from typing import Any, Self

from msgspec import field

from hansard.client.structs import Record


class Dropped(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """A message that the context lacks; ``whole`` is false where parts of it stayed."""

    seq: int
    message_id: str = ""
    reason: str = ""
    whole: bool = True


class Manifest(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """What a context holds: its messages and their estimated tokens.

    ``task_seq`` is the user's message put in front of messages that do not follow it directly.
    ``placeholder`` says that no user spoke. ``older`` messages did not fit; ``dropped`` names what
    else is missing or shortened.
    """

    messages: int = 0
    tokens: int = 0
    first_seq: int | None = None
    last_seq: int | None = None
    task_seq: int | None = None
    placeholder: bool = False
    older: int = 0
    dropped: list[Dropped] = field(default_factory=list)

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        return super().of(
            {**document, "dropped": [Dropped.of(item) for item in document.get("dropped", [])]}
        )


class Context(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """What a model is given of a session; ``request`` has the provider's fields."""

    session_id: str
    format: str = "native"
    request: dict[str, Any] = field(default_factory=dict)
    manifest: Manifest = Manifest()

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        return super().of({**document, "manifest": Manifest.of(document.get("manifest", {}))})
