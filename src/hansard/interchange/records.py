"""The one shape that every foreign format is read into.

Also the rules for what a format leaves out.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import tzinfo
from typing import Any, ParamSpec

import msgspec
from msgspec import Raw, Struct

from hansard import ids
from hansard.interchange.values import Bad, Loose, Value
from hansard.model import MessageDraft, SessionDraft
from hansard.model.message import MOST_TOKENS
from hansard.model.session import METADATA

P = ParamSpec("P")


class SessionRecord(Struct, frozen=True, kw_only=True):
    """A session on its way in, with all that belongs to it.

    A branch follows the message ``forked_after`` of its parent, None for the beginning.
    ``remarks`` count what was noticed while it was read. The id of one that is ``file_safe`` is
    the name of a file, which has ``_`` for ``:``.
    """

    number: int
    draft: SessionDraft
    messages: list[MessageDraft]
    ended_at: int | None = None
    archived_at: int | None = None
    forked_after: str | None = None
    remarks: Counter[str] = msgspec.field(default_factory=Counter)
    file_safe: bool = False


class Rules(Struct, frozen=True, kw_only=True):
    """What the caller decides for what a file leaves open.

    ``now`` is the time of the import in microseconds, ``zone`` holds for times without an
    offset (None: what the format is known to mean), ``channel`` replaces a missing channel.
    ``keep_branches`` makes sessions of what lies beside the current line; else it is only counted.
    """

    now: int
    zone: tzinfo | None = None
    channel: str | None = None
    keep_branches: bool = True


class Unreadable(Exception):
    """A record that is not what its format promises; the text says where and how."""


def guarded(
    number: int, make: Callable[P, Iterable[SessionRecord]], *args: P.args, **more: P.kwargs
) -> list[SessionRecord | Bad]:
    """The records that ``make`` reads, or why it cannot.

    No foreign record ends the file.
    """
    try:
        return list(make(*args, **more))
    except Unreadable as problem:
        return [Bad(number, str(problem))]
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as problem:
        reason = f"not of this format's shape: {type(problem).__name__}: {problem}"
        return [Bad(number, reason)]


def read_each(
    items: Iterable[Value | Bad], make: Callable[[Value], Iterable[SessionRecord]]
) -> Iterator[SessionRecord | Bad]:
    """The records that ``make`` reads from each value; what is bad stays bad."""
    for item in items:
        if isinstance(item, Bad):
            yield item
        else:
            yield from guarded(item.number, make, item)


def read_with_loose(
    items: Iterable[Value | Bad],
    is_message: Callable[[Any], bool],
    make: Callable[[Value, int], Iterable[SessionRecord]],
) -> Iterator[SessionRecord | Bad]:
    """The sessions of the records, then those of the messages outside any record.

    ``make`` reads a record, or a list of such messages, and gets its position among them.
    """
    loose, position = Loose(), itertools.count()
    for item in items:
        if isinstance(item, Bad):
            yield item
        elif is_message(item.value):
            yield from loose.keep(item)
        else:
            yield from guarded(item.number, make, item, next(position))
    for item in loose.sessions():
        yield from guarded(item.number, make, item, next(position))


def fitted(record: SessionRecord) -> SessionRecord:
    """The record with bounded metadata.

    The largest fields beyond the bound move to its first message.

    They are there under ``session_metadata``.  Without a message the record stays as it is, and is
    refused.
    """
    metadata = record.draft.metadata
    if not record.messages or _size(metadata) <= METADATA:
        return record
    sizes = {name: _size({name: value}) for name, value in metadata.items()}
    kept = sum(sizes.values())
    moved: dict[str, Any] = {}
    for name in sorted(sizes, key=sizes.__getitem__, reverse=True):
        if kept <= METADATA:
            break
        moved[name] = metadata[name]
        kept -= sizes[name]
    rest = {name: value for name, value in metadata.items() if name not in moved}
    first, *others = record.messages
    own = msgspec.json.decode(first.metadata) | {"session_metadata": moved}
    keeper = msgspec.structs.replace(first, metadata=Raw(msgspec.json.encode(own)))
    return msgspec.structs.replace(
        record,
        draft=msgspec.structs.replace(record.draft, metadata=rest),
        messages=[keeper, *others],
    )


def _size(metadata: dict[str, Any]) -> int:
    try:
        return len(msgspec.json.encode(metadata))
    except (UnicodeEncodeError, OverflowError, RecursionError) as problem:
        raise Unreadable(
            f"the session's metadata cannot be written as JSON: {problem}"
        ) from problem


def own_id(value: object, record: object) -> str:
    """The record's own id, else one made of its content, so that the same record is known again."""
    if isinstance(value, str | int) and not isinstance(value, bool):
        named = str(value).strip().replace("/", "_")
        if ids.is_own_id(named):
            return named
    canonical = json.dumps(
        record, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=dict
    )  # ``default`` is for what a large record keeps packed
    return "import_" + hashlib.blake2b(canonical.encode(), digest_size=16).hexdigest()


def content_key(record: object) -> str:
    """What a message without an id is known by: its content, and what else its record says."""
    canonical = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return "import:" + hashlib.blake2b(canonical.encode(), digest_size=12).hexdigest()


class ClientIds:
    """Stable ids of the messages of one session.

    They are the messages' own ids, else their positions.

    No two are the same.
    """

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._names: set[str] = set()

    def next(self, value: object) -> str:
        """The name of the next message, whose own id is ``value``."""
        own = (
            str(value)
            if isinstance(value, str | int) and ids.is_own_id(str(value))
            else f"import:{len(self._names)}"
        )
        name = own
        while name in self._names:
            self._taken[own] += 1
            name = f"{own}#{self._taken[own] + 1}"
        self._names.add(name)
        return name


def counted(value: object) -> int:
    """A number of tokens; 0 for what cannot be one."""
    return value if isinstance(value, int) and 0 <= value <= MOST_TOKENS else 0
