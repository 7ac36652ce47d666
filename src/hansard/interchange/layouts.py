"""Which files of a folder or archive hold conversations.

This goes by the layouts of the products that wrote them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

ENDINGS = (".json", ".jsonl", ".ndjson")
PACKED = (".gz", ".zst")
_DATABASE = re.compile(r"(?:.*\.vscdb|opencode[\w.-]*\.db|store\.db)")
_CHAT, _CHAT_DEPTH = "store.db", 6
_EXPORT = re.compile(r"conversations(?:[-_]\d+)?\.json")
_UPLOAD = re.compile(r"file[-_].+")
_BESIDE_EXPORTS = {
    "user.json",
    "users.json",
    "projects.json",
    "memories.json",
    "message_feedback.json",
    "model_comparisons.json",
    "shared_conversations.json",
    "group_chats.json",
}
_NEVER = {"_index.json", "_aliases.json"}


def unpacked_name(name: str) -> str:
    """The name without the endings of packed files."""
    for ending in PACKED:
        name = name.removesuffix(ending)
    return name


def is_readable(name: str) -> bool:
    """Whether a file's name ends like one that can hold conversations."""
    name = unpacked_name(name.lower())
    return name.endswith(ENDINGS) or _DATABASE.fullmatch(name) is not None


def is_chat(file: Path) -> bool:
    """Whether a file is called as a chat of Cursor's command line."""
    return file.name == _CHAT


def is_told_elsewhere(file: Path) -> bool:
    """Whether a chat of Cursor's command line is there as a transcript as well.

    That is the longer one: the chat keeps what its model is shown, which is summed up some time.
    """
    if not is_chat(file) or len(file.parents) < _CHAT_DEPTH:
        return False
    chat, root = file.parent.name, file.parents[3]
    folders = (root, root.parent.parent / ".cursor")
    patterns = (f"{chat}.jsonl", f"{chat}/{chat}.jsonl")
    return any(
        True
        for folder in folders
        for pattern in patterns
        for _ in (folder / "projects").glob(f"*/agent-transcripts/{pattern}")
    )


def of_folder(names: Iterable[str]) -> list[str]:
    """The files of one folder to read, in order.

    Beside an export's ``conversations.json`` lie what its owner uploaded and lists of other things:
    no sessions.
    """
    readable = [name for name in sorted(names) if is_readable(name) and name not in _NEVER]
    if not any(_EXPORT.fullmatch(unpacked_name(name)) for name in readable):
        return readable
    return [name for name in readable if not (name in _BESIDE_EXPORTS or _UPLOAD.match(name))]


def of_archive(names: Sequence[str]) -> list[str]:
    """The members of an archive to read, in its order: of an export, its conversations alone."""
    exports = {name for name in names if _EXPORT.fullmatch(unpacked_name(PurePosixPath(name).name))}
    roots = {str(PurePosixPath(name).parent) for name in exports}
    return [
        name
        for name in names
        if name in exports
        or (
            is_readable(name)
            and PurePosixPath(name).name not in _NEVER
            and not any(_lies_in(name, root) for root in roots)
        )
    ]


def _lies_in(name: str, folder: str) -> bool:
    return folder in {str(parent) for parent in PurePosixPath(name).parents}
