"""What every adapter of a peer has in common.

Its command line, its records, and the requests that it names.

usage: python bench/peers/NAME.py fill FOLDER < records
       (one JSON object a line, from ``hansard bench``)
       python bench/peers/NAME.py serve FOLDER PORT

``fill`` leaves a ``requests.json`` beside the data: for each of list, history, append and search
that the peer has, the requests to measure as ``{"method", "target", "type"?, "body"?}``; they are
sent in turn.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

USER = "bench"
HISTORY_LENGTH = 10
_SESSIONS = 200

Record = dict[str, Any]
Requests = dict[str, list[dict[str, str]]]


def records() -> Iterator[Record]:
    """The sessions to fill in, oldest first."""
    return map(json.loads, sys.stdin.buffer)


def is_measured(record: Record) -> bool:
    """Whether the histories of the peers are measured on this session.

    Those of exactly ten messages.
    """
    return len(record["messages"]) == HISTORY_LENGTH


def turns(record: Record) -> Iterator[list[Record]]:
    """The session's messages by turn: each begins with what the user said."""
    turn: list[Record] = []
    for message in record["messages"]:
        if message["role"] == "user" and turn:
            yield turn
            turn = []
        turn.append(message)
    if turn:
        yield turn


def text(message: Record) -> str:
    """What a message says.

    Tool traffic becomes its JSON, so that every peer stores as many bytes.
    """
    return message["text"] or json.dumps(message["parts"])


def main(fill: Callable[[Path], Requests], serve: Callable[[Path, int], None]) -> None:
    """Run one of the two commands."""
    command, folder = sys.argv[1], Path(sys.argv[2]).absolute()
    if command == "fill":
        folder.mkdir(parents=True, exist_ok=True)
        named = {what: some[:_SESSIONS] for what, some in fill(folder).items()}
        (folder / "requests.json").write_text(json.dumps(named), encoding="utf-8")
    else:
        serve(folder, int(sys.argv[3]))
