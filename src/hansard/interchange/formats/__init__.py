"""The formats that can be imported; each is one file with ``marks``, ``sniff`` and ``read``.

A format is called by the name of its file, with hyphens.  A file is loaded when its format is first
needed, since a server that imports nothing starts sooner without them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module

from msgspec import Struct

from hansard.interchange.content.text import Json
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.records import Rules, SessionRecord
from hansard.interchange.streams import Stream
from hansard.interchange.values import Bad
from hansard.model.document import Document as StoredDocument
from hansard.model.transfer import Snapshot

_FILES = (
    "hansard",
    "chatgpt",
    "claude_ai",
    "qwen_code",
    "claude_code",
    "codex",
    "copilot_cli",
    "gemini_cli",
    "opencode",
    "cursor",
    "open_webui",
    "librechat",
    "sillytavern",
    "grok",
    "gemini_takeout",
    "ai_studio",
    "opentelemetry",
    "langsmith",
    "langfuse",
    "adk",
    "agno",
    "autogen",
    "openai_assistants",
    "langchain",
    "openai_responses",
    "sharegpt",
    "pocketpaw",
    "ai_sdk",
    "gemini_api",
    "anthropic",
    "openai",
)
"""In the order in which the formats are asked: the narrowest first."""

NAMES = tuple(sorted(file.replace("_", "-") for file in _FILES))


Read = SessionRecord | Snapshot | StoredDocument | Bad


class Format(Struct, frozen=True):
    """One foreign format.

    ``marks`` are keys that its files have.  ``sniff`` judges by the file's name and first part, and
    says why the file is not of this format, None when it may be.  ``read`` yields every session, as
    a record or, from a store of ours, as a snapshot, and a Bad one for each that cannot be read.
    ``tail`` says which lines are read for those that came behind others; None where it takes the
    whole file.  Lines with a ``shaping`` mark are among the others, however far back they are.
    """

    name: str
    marks: tuple[str, ...]
    sniff: Callable[[Document, Shape], str | None]
    read: Callable[[Document, Stream, Rules], Iterator[Read]]
    tail: Callable[[list[Json], list[Json]], list[Json] | None] | None = None
    shaping: tuple[bytes, ...] = ()


def named(name: str) -> Format | None:
    """The format of this name; None when there is none."""
    return _loaded(name.replace("-", "_")) if name in NAMES else None


def every() -> tuple[Format, ...]:
    """All formats, in the order in which they are asked."""
    return tuple(map(_loaded, _FILES))


def _loaded(file: str) -> Format:
    module = import_module(f"{__name__}.{file}")
    return Format(
        file.replace("_", "-"),
        module.marks,
        module.sniff,
        module.read,
        getattr(module, "tail", None),
        getattr(module, "shaping", ()),
    )
