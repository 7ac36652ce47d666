"""The messages of a LangGraph thread, as the transcript that people read and search."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Collection, Mapping
from typing import Any

from langchain_core.messages import BaseMessage

from hansard.adapters.drafts import readable
from hansard.adapters.langchain_messages import draft
from hansard.client import NewMessage

_AT_ONCE, _THREADS = 100, 1000
_ID = 256


class Transcript:
    """Which messages of the last threads their sessions have already.

    It only spares sending them again: a session takes a message of a known ``client_id`` once.
    """

    def __init__(self, channel: str | None) -> None:
        self._channel = channel
        self._sent: OrderedDict[str, frozenset[str]] = OrderedDict()

    def lacking(
        self, thread: str, values: Mapping[str, Any], changed: Collection[str]
    ) -> list[NewMessage]:
        """What to append for a checkpoint: at most the last 100 messages that were not sent."""
        if self._channel is None or self._channel not in changed:
            return []
        sent = self._sent.get(thread, frozenset())
        named = _named(values.get(self._channel))
        new = [(id, each) for id, each in named.items() if id not in sent]
        return [{**readable(draft(each)), "client_id": id} for id, each in new[-_AT_ONCE:]]

    def has(self, thread: str, values: Mapping[str, Any]) -> None:
        """Note that the session has the messages of a checkpoint."""
        if self._channel is not None and self._channel in values:
            self._sent[thread] = frozenset(_named(values[self._channel]))
            self._sent.move_to_end(thread)
            while len(self._sent) > _THREADS:
                self._sent.popitem(last=False)

    def forget(self, thread: str) -> None:
        self._sent.pop(thread, None)


def _named(value: object) -> dict[str, BaseMessage]:
    """The messages in a channel by their ids; one without an id is named after what it says."""
    messages = value if isinstance(value, list) else []
    return {
        _id(index, each): each
        for index, each in enumerate(messages)
        if isinstance(each, BaseMessage)
    }


def _id(index: int, message: BaseMessage) -> str:
    id = str(message.id or "")
    if 0 < len(id) <= _ID and id.isprintable() and "/" not in id:
        return id
    text = f"{index} {message.type} {message.content}"
    return "langgraph-" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
