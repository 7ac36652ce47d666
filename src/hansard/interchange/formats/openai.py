"""Lists of OpenAI-format messages, bare or inside records, in a JSON array or one a line.

- a record is ``{…, "messages": [{role, content, tool_calls, tool_call_id, name}], …}``; the list
  has one of several names, may lie inside wrappers (``data``, ``conversations``, ``body`` …), and
  may be preference pairs (``prompt``, ``chosen``, ``rejected``) or the ``choices`` of a completion;
- ``intents`` become the trail, the last of them the intent;
- ``reward`` 1 is a settled matter, 0 an unsettled one, and with it the session has ended;
- a document whose elements are messages themselves is one session;
- without times, sessions lie a minute apart, the first one ending at the time of the import, and
  their messages a second apart;
- every field without a place of its own is kept in the metadata.
"""

from __future__ import annotations

from collections.abc import Iterator

from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.message_lists import is_message, lists_of, session, unwrapped
from hansard.interchange.moments import MINUTE
from hansard.interchange.records import Rules, SessionRecord, guarded
from hansard.interchange.streams import Stream
from hansard.interchange.values import Bad, Loose, Value, values

marks = ("messages", "role", "content", "tool_calls", "choices")


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    if any(_has_list(record) or is_message(record) for record in shape.records):
        return None
    return "no record holds a list of messages with a role"


def _has_list(value: object) -> bool:
    for record in unwrapped(value):
        lists = lists_of(record)
        if lists and any("role" in item for item in lists.line):
            return True
    return False


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    position = 0
    loose = Loose()
    for item in values(stream, apart=True):
        if isinstance(item, Bad):
            yield item
        elif is_message(item.value):
            yield from loose.keep(item)
        else:
            for record in unwrapped(item.value):
                yield from _read_one(Value(item.number, record), rules, position)
                position += 1
    for item in loose.sessions():
        yield from _read_one(item, rules, position)
        position += 1


def _read_one(item: Value, rules: Rules, position: int) -> list[SessionRecord | Bad]:
    end = rules.now - position * MINUTE
    return guarded(item.number, session, item.number, item.value, rules, end)
