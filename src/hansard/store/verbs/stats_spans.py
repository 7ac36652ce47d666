"""What each session counts for, so that it can be taken back.

It stands in the session's one row, packed, while it is little: most sessions last less than an
hour. Beyond ``MOST`` spans each has a row, since the whole would be written at every message.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from hansard.store import rows, steps
from hansard.store.steps import Steps, many
from hansard.store.verbs.stats_cells import FIGURES, Counted, Figures, Span, bounded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hansard.store.steps import Values

MOST = 16
_MOST_OF_ONE = 2**61
_HEAD = ("sessions", "resolved", "unresolved")
_packed = msgspec.json.Decoder(list[list[Any]])
Spans = list[tuple[Span, Figures]]
Sums = dict[Span, Counter[str]]


def of(workspace_id: str, counted: Iterable[Counted]) -> Steps[Spans]:
    """The spans of these sessions."""
    return (yield from _spans(workspace_id, "stats_spans_of", counted))


def heads_of(workspace_id: str, counted: Iterable[Counted]) -> Steps[Spans]:
    """What these sessions count for as such, without their messages and runs."""
    spans = yield from _spans(workspace_id, "stats_heads_of", counted)
    return [
        (span, {name: figures[name] for name in _HEAD if figures.get(name)})
        for span, figures in spans
        if figures.get("sessions")
    ]


def _spans(workspace_id: str, statement: str, counted: Iterable[Counted]) -> Steps[Spans]:
    spans: Spans = []
    apart: list[str] = []
    for record in counted:
        if record.spans is None:
            apart.append(record.session_id)
        else:
            spans += _unpacked(record.session_id, record.spans)
    if apart:
        ids = rows.texts(apart)
        got = yield from steps.rows(statement, workspace_id=workspace_id, session_ids=ids)
        spans += map(_span, got)
    return spans


def _unpacked(session_id: str, spans: str) -> Spans:
    return [_span((session_id, *packed)) for packed in _packed.decode(spans)]


def _span(record: Sequence[Any]) -> tuple[Span, Figures]:
    """A row of a span; what was packed lacks the zeros at the end."""
    width = len(Span._fields)
    return Span(*record[:width]), dict(zip(FIGURES, record[width:], strict=False))


def put(workspace_id: str, counted: Iterable[Counted], added: Mapping[str, Sums]) -> Steps[None]:
    """Write as what sessions are counted, with what each counts for more, or for less."""
    written: list[Values] = []
    apart: Sums = {}
    for record in counted:
        more = added.get(record.session_id, {})
        spans, rest = record.spans, more
        if spans is not None and more:
            spans, rest = _with(record, spans, more)
        if spans is None:
            apart |= rest
        written.append({**record.values(workspace_id), "spans": spans})
    yield from _put_apart(workspace_id, apart)
    yield from many("stats_counted_put", written)


def _with(record: Counted, spans: str, more: Sums) -> tuple[str | None, Sums]:
    """The packed spans with more of them; None and all of them, where they are many."""
    sums = {span: Counter(figures) for span, figures in _unpacked(record.session_id, spans)}
    for span, figures in more.items():
        sums.setdefault(span, Counter()).update(figures)
    sums = {span: figures for span, figures in sums.items() if any(figures.values())}
    return (None, sums) if len(sums) > MOST else (_pack(sums), {})


def _pack(sums: Sums) -> str:
    packed = []
    for (_, *key), figures in sorted(sums.items()):
        numbers = [min(figures[name], _MOST_OF_ONE) for name in FIGURES]
        while not numbers[-1]:
            numbers.pop()
        packed.append([*key, *numbers])
    return msgspec.json.encode(packed).decode()


def _put_apart(workspace_id: str, sums: Sums) -> Steps[None]:
    nothing = dict.fromkeys(FIGURES, 0)
    changed = [
        (span._asdict() | {"workspace_id": workspace_id}, figures)
        for span, figures in sorted(sums.items())
        if any(figures.values())
    ]
    added = [key | nothing | bounded(figures) for key, figures in changed]
    yield from many("stats_span_add", added)
    less = [key for key, figures in changed if min(figures.values()) < 0]
    yield from many("stats_span_clear", less)
