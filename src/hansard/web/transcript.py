"""Messages as they are displayed.

Turns, calls beside their results, days, and branches behind their message.
"""

from __future__ import annotations

import asyncio
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from markupsafe import Markup
from msgspec import Raw, Struct

from hansard.model import tool_calls
from hansard.model.times import moment
from hansard.terminal_text import unstyled
from hansard.web.markdown import host_of, plain, rendered

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import tzinfo

    from hansard.model import Message, Run, Session

IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif")
_ONE_LINE, _PRETTY = 110, 60_000
_BRIEF = 16 * 1024
"""Bytes of messages that are shown within some milliseconds."""
_FOLD_FROM = 3
_WORDS = {"user": "User", "assistant": "Assistant", "system": "System", "tool": "Tool"}


class Piece(Struct):
    """One part, ready to be shown.

    ``kind`` is text, reasoning, call, result, image, link, file, or data for a part of a type that
    is not known. A call has its result: ``outcome`` is ok, failed, or empty while there is none,
    ``seconds`` is the time it took. ``modality`` is that of an image, a link or a file; empty when
    nothing tells it.
    """

    kind: str
    html: Markup | None = None
    text: str = ""
    name: str = ""
    source: str = ""
    host: str = ""
    outcome: str = ""
    seconds: float | None = None
    result: str = ""
    call_id: str = ""
    run_id: str | None = None
    modality: str = ""
    marks: bool = False


class Entry(Struct):
    """One message. ``calls`` are folded when there are several in a row and none failed."""

    message: Message
    who: str
    begins_day: bool
    pieces: list[Piece]
    branches: list[Session]
    seconds: float = 0.0

    @property
    def tokens(self) -> int:
        return self.message.input_tokens + self.message.output_tokens

    @property
    def is_only_calls(self) -> bool:
        return bool(self.pieces) and all(piece.kind == "call" for piece in self.pieces)


def entries(
    messages: Sequence[Message],
    branches: Iterable[Session] = (),
    *,
    agent: str | None,
    zone: tzinfo = UTC,
) -> list[Entry]:
    """The messages with results put beside their calls.

    A tool's message that only answers calls is not shown again.
    """
    by_seq: dict[int, list[Session]] = {}
    for branch in branches:
        by_seq.setdefault(branch.forked_seq or 0, []).append(branch)
    waiting: dict[str, tuple[Piece, int]] = {}
    transcript: list[Entry] = []
    last_day = None
    for message in messages:
        pieces = []
        for piece in _pieces(message):
            if _answers(piece, message, waiting):
                continue
            if piece.kind == "call":
                waiting[piece.call_id or piece.name] = (piece, message.created_at)
            pieces.append(piece)
        here = by_seq.pop(message.seq, [])
        if not pieces and message.role == "tool" and not here:
            continue
        day = moment(message.created_at).astimezone(zone).date()
        transcript.append(Entry(message, _who(message, agent), day != last_day, pieces, here))
        last_day = day
    return transcript


async def shown(
    messages: Sequence[Message],
    branches: Iterable[Session] = (),
    *,
    agent: str | None,
    zone: tzinfo = UTC,
) -> list[Entry]:
    """The ``entries`` of the messages; long ones are rendered on a thread."""
    work = partial(entries, messages, branches, agent=agent, zone=zone)
    if sum(len(message.parts) for message in messages) <= _BRIEF:
        return work()
    return await asyncio.to_thread(work)


def _who(message: Message, agent: str | None) -> str:
    if message.sender == "operator":
        return "Operator"
    if message.role == "assistant" and agent:
        return agent
    return _WORDS.get(message.role, message.role)


def _answers(piece: Piece, message: Message, waiting: dict[str, tuple[Piece, int]]) -> bool:
    """Whether the piece is the result of a call that waits for it, which then has it."""
    if piece.kind != "result":
        return False
    call = waiting.pop(piece.call_id or piece.name, None)
    if call is None:
        return False
    tool_call, at = call
    tool_call.result, tool_call.outcome = piece.result, piece.outcome
    if tool_call.seconds is None and message.created_at > at:
        tool_call.seconds = (message.created_at - at) / 1e6
    return True


def _pieces(message: Message) -> list[Piece]:
    try:
        parts = msgspec.json.decode(message.parts)
        return [_piece(message, part, index) for index, part in enumerate(parts)]
    except (msgspec.DecodeError, TypeError, AttributeError, ValueError):
        return [Piece("data", text=bytes(message.parts).decode(errors="replace"))]


def _piece(message: Message, part: dict[str, Any], index: int) -> Piece:
    match part.get("type"):
        case "text":
            text = _text(part.get("content"))
            return Piece(
                "text",
                html=rendered(text) if message.role == "assistant" else plain(text),
                text=text,
            )
        case "reasoning":
            return Piece("reasoning", html=rendered(_text(part.get("content"))))
        case "tool_call":
            name = _text(part.get("name")) or "call"
            return Piece(
                "call",
                name=name,
                text=_pretty(part.get("arguments")),
                source=_signature(name, part.get("arguments")),
                run_id=message.run_id,
                call_id=_text(part.get("id")),
                seconds=_seconds(part),
                outcome="",
            )
        case "tool_call_response":
            return Piece(
                "result",
                name=_text(part.get("name")),
                result=_pretty(part.get("response")),
                call_id=_text(part.get("id")),
                outcome="failed" if _is_failure(part) else "ok",
            )
        case "uri" | "blob" | "file":
            return _media(message, part, index)
    return Piece("data", name=_text(part.get("type")), text=_pretty(part))


def _media(message: Message, part: dict[str, Any], index: int) -> Piece:
    name = (
        _text(part.get("name"))
        or _text(part.get("mime_type"))
        or _text(part.get("modality"))
        or "file"
    )
    modality = _text(part.get("modality")) or _text(part.get("mime_type")).partition("/")[0]
    if part["type"] == "uri":
        address = _text(part.get("uri"))
        if address.startswith(("http://", "https://")):
            return Piece(
                "link", name=name, source=address, host=host_of(address), modality=modality
            )
        return Piece("file", name="uri", text=address[:_PRETTY], modality=modality)
    if part["type"] == "blob" and part.get("mime_type") in IMAGES:
        return Piece("image", name=name, source=f"{message.id}/{index}", modality=modality)
    size = len(_text(part.get("content"))) * 3 // 4
    return Piece(
        "file",
        name=name,
        modality=modality,
        text=f"{part.get('file_id') or ''} {size:,} bytes".strip()
        if size
        else _text(part.get("file_id")),
    )


def _is_failure(part: dict[str, Any]) -> bool:
    response = Raw(msgspec.json.encode(part.get("response")))
    return tool_calls.is_failed(part.get("is_error"), part.get("status"), response)


def _seconds(part: dict[str, Any]) -> float | None:
    took = part.get("duration_ms")
    return took / 1000 if isinstance(took, (int, float)) else None


def _signature(name: str, arguments: Any) -> str:  # noqa: ANN401 - any JSON
    """name(key="value", …) on one line."""
    values = arguments
    if isinstance(arguments, str):
        try:
            values = msgspec.json.decode(arguments)
        except msgspec.DecodeError:
            values = arguments
    arguments_said = (
        [f"{key}={_short(value)}" for key, value in values.items()]
        if isinstance(values, dict)
        else []
        if values is None
        else [_short(values)]
    )
    inside = ", ".join(arguments_said)
    whole = f"{name}({inside})"
    return whole if len(whole) <= _ONE_LINE else whole[: _ONE_LINE - 1] + "…"


def _short(value: Any) -> str:  # noqa: ANN401 - any JSON
    return msgspec.json.encode(value).decode()


def _pretty(value: Any) -> str:  # noqa: ANN401 - any JSON
    """JSON on several lines; a text that holds JSON counts as that."""
    if value is None:
        return ""
    if isinstance(value, str):
        try:
            inner = msgspec.json.decode(value)
        except msgspec.DecodeError:
            return unstyled(value[:_PRETTY])
        if not isinstance(inner, (dict, list)):
            return unstyled(value[:_PRETTY])
        value = inner
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()[:_PRETTY]


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON
    return unstyled(value) if isinstance(value, str) else "" if value is None else _short(value)


class Turn(Struct):
    """From one message of a user to before the next: what was asked, and what it took."""

    number: int
    seq: int
    question: str
    at: int
    until: int
    messages: int = 0
    calls: int = 0
    failed: int = 0
    tokens: int = 0
    cost_nanos: int = 0
    run: Run | None = None


def turns(shown_entries: Sequence[Entry], runs: dict[str, Run]) -> list[Turn]:
    transcript: list[Turn] = []
    for entry in shown_entries:
        message = entry.message
        if message.role == "user" or not transcript:
            words = next((piece.text for piece in entry.pieces if piece.text), entry.who)
            transcript.append(
                Turn(
                    len(transcript) + 1,
                    message.seq,
                    words[:160],
                    message.created_at,
                    message.created_at,
                )
            )
        turn = transcript[-1]
        turn.until = max(turn.until, message.created_at)
        turn.messages += 1
        turn.calls += sum(piece.kind == "call" for piece in entry.pieces)
        turn.failed += sum(piece.outcome == "failed" for piece in entry.pieces)
        turn.tokens += entry.tokens
        turn.cost_nanos += message.cost_nanos
        turn.run = turn.run or (runs.get(message.run_id) if message.run_id else None)
    return transcript


def trail_of(session: Session) -> list[str]:
    """The names in the session's trail, each once in a row."""
    names: list[str] = []
    for step in msgspec.json.decode(session.trail):
        name = step if isinstance(step, str) else _named(step)
        if name and (not names or names[-1] != name):
            names.append(name)
    return names


def _named(step: Any) -> str:  # noqa: ANN401 - any JSON
    if not isinstance(step, dict):
        return ""
    return next(
        (
            str(step[key])
            for key in ("intent", "agent", "to", "name", "label", "type")
            if isinstance(step.get(key), str)
        ),
        "",
    )


class Block(Struct):
    """Entries that are shown together: one message, or several in a row that only call tools."""

    entries: list[Entry]
    folded: bool = False

    @property
    def calls(self) -> list[Piece]:
        return [piece for entry in self.entries for piece in entry.pieces]

    @property
    def names(self) -> str:
        return ", ".join(dict.fromkeys(piece.name for piece in self.calls))


def blocks(shown: Sequence[Entry]) -> list[Block]:
    """The entries with runs of tool calls gathered; three and more fold unless one failed."""
    transcript: list[Block] = []
    for entry in shown:
        joins = (
            transcript
            and entry.is_only_calls
            and transcript[-1].entries[-1].is_only_calls
            and not entry.begins_day
            and not transcript[-1].entries[-1].branches
        )
        if joins:
            transcript[-1].entries.append(entry)
        else:
            transcript.append(Block([entry]))
    for block in transcript:
        block.folded = len(block.entries) >= _FOLD_FROM and not any(
            piece.outcome == "failed" for piece in block.calls
        )
    return transcript
