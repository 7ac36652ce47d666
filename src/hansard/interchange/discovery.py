"""Where the coding agents of a user keep their sessions, and what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from hansard.interchange import layouts, reading
from hansard.interchange.bounds import OWN_MACHINE
from hansard.interchange.documents import Document, documents
from hansard.interchange.growth import without_unfinished
from hansard.interchange.reading import BadRecord, SessionPiece, SkippedFile
from hansard.interchange.records import Rules
from hansard.model.session import TIME_UNKNOWN


class Product(Struct, frozen=True):
    """A coding agent: the name of its format, its own name, and its files below the home folder."""

    name: str
    title: str
    patterns: tuple[str, ...]

    def files(self, home: Path) -> list[Path]:
        """Its files of sessions, in order, each once."""
        paths = (path for pattern in self.patterns for path in sorted(home.glob(pattern)))
        return [
            path
            for path in dict.fromkeys(paths)
            if path.is_file() and not layouts.is_told_elsewhere(path)
        ]


_CURSOR = "Cursor/User/globalStorage/state.vscdb"
_OPENCODE = ".local/share/opencode"

PRODUCTS = (
    Product(
        "claude-code",
        "Claude Code",
        (".claude/projects/**/*.jsonl", ".config/claude/projects/**/*.jsonl"),
    ),
    Product(
        "codex",
        "Codex CLI",
        (".codex/sessions/**/rollout-*.json*", ".codex/archived_sessions/**/rollout-*.json*"),
    ),
    Product(
        "gemini-cli",
        "Gemini CLI",
        (".gemini/tmp/*/chats/**/*.json", ".gemini/tmp/*/chats/**/*.jsonl"),
    ),
    Product(
        "opencode",
        "opencode",
        (
            f"{_OPENCODE}/opencode*.db",
            f"{_OPENCODE}/storage/session/*/*.json",
            f"{_OPENCODE}/project/*/storage/session/info/*.json",
        ),
    ),
    Product(
        "qwen-code",
        "Qwen Code",
        (".qwen/projects/*/chats/**/*.jsonl", ".qwen/tmp/*/chats/**/*.json"),
    ),
    Product(
        "cursor",
        "Cursor",
        (
            ".cursor/projects/*/agent-transcripts/**/*.jsonl",
            ".cursor/chats/*/*/store.db",
            ".config/cursor/chats/*/*/store.db",
            f".config/{_CURSOR}",
            f"Library/Application Support/{_CURSOR}",
            f"AppData/Roaming/{_CURSOR}",
        ),
    ),
    Product(
        "copilot-cli",
        "Copilot CLI",
        (".copilot/session-state/*/events.jsonl", ".copilot/session-state/*.jsonl"),
    ),
)


class Summary(Struct, kw_only=True):
    """What lies in the files of a product.

    ``sessions`` and ``messages`` are as many as an import takes in.  ``first_at`` and ``last_at``
    are the times of the first and the last message in microseconds, None where no file has times.
    ``unread`` counts files without a conversation, ``bad`` records that cannot be read.
    """

    product: str
    title: str
    files: int
    bytes: int
    sessions: int = 0
    messages: int = 0
    first_at: int | None = None
    last_at: int | None = None
    unread: int = 0
    bad: int = 0


def opened(files: Iterable[Path]) -> Iterator[Document]:
    """The documents of a product's files; one that has gone meanwhile is passed over.

    The agents may be at work: a line that is still being written comes with the next import.
    """
    for file in files:
        try:
            for document in documents(file):
                unchosen = msgspec.structs.replace(document, chosen=False)
                yield without_unfinished(unchosen, file)
        except FileNotFoundError:
            continue


def discovered(home: Path, rules: Rules) -> Iterator[tuple[Summary, list[Path]]]:
    """What each product has below ``home``, with its files; a product without any is left out."""
    for product in PRODUCTS:
        files = product.files(home)
        if files:
            yield summarized(product, files, rules), files


def summarized(product: Product, files: list[Path], rules: Rules) -> Summary:
    """Read the files and count; a session that lies in several files counts once."""
    size = sum(file.stat().st_size for file in files)
    summary = Summary(product=product.name, title=product.title, files=len(files), bytes=size)
    known: dict[str, set[str | None]] = {}
    for event in reading.read(opened(files), None, rules, OWN_MACHINE):
        if isinstance(event, SessionPiece):
            _add(summary, event, known)
        elif isinstance(event, BadRecord):
            summary.bad += 1
        elif isinstance(event, SkippedFile):
            summary.unread += 1
    return summary


def _add(summary: Summary, piece: SessionPiece, known: dict[str, set[str | None]]) -> None:
    session = piece.record.draft.id or ""
    summary.sessions += session not in known
    messages = known.setdefault(session, set())
    for message in piece.record.messages:
        summary.messages += message.client_id not in messages
        messages.add(message.client_id)
        if message.created_at is not None and TIME_UNKNOWN not in piece.record.draft.metadata:
            summary.first_at = min(summary.first_at or message.created_at, message.created_at)
            summary.last_at = max(summary.last_at or message.created_at, message.created_at)
