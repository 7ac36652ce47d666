"""Statistics by day, of sessions whose time is known.

They follow the workspace's events, a bounded number of sessions at a time.

``stats_sessions`` remembers what each session counts for, so that a changed one is taken back and
counted anew. No request scans the sessions.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from hansard.model.message import within_sum
from hansard.model.stats import Tally
from hansard.store import rows, steps
from hansard.store.steps import Steps, many, row, run, value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hansard.model import Session
    from hansard.model.stats import StatsQuery

_HOUR_US, _DAY_HOURS = 3_600_000_000, 24
_CELL = ("day", "channel", "app", "agent", "state")
_SUMS = ("messages", "input_tokens", "output_tokens", "cost_nanos", "resolved", "unresolved")
_HALF = 2**32
"""Sums over days are made of two halves of 32 bits, which no number of days overflows."""
_MOST = 2**63 - 1
_MOST_AT_ONCE = 2**61
"""A cell holds at most 2^62, and so much more never overflows it."""
_STEPS_PER_E = 20
"""Slots of resolution times are this fine: a factor of e has so many, which keeps a median within 3
%.
"""


class Share(Struct, frozen=True):
    """What one session counts for; ``duration`` is the slot of its seconds to resolve."""

    session_id: str
    day: int
    hour: int
    channel: str
    app: str
    agent: str
    state: str
    messages: int
    input_tokens: int
    output_tokens: int
    cost_nanos: int
    resolved: int
    unresolved: int
    duration: int | None


def share_of(session: Session) -> Share:
    day, hour = divmod(session.created_at // _HOUR_US, _DAY_HOURS)
    took = (
        None
        if session.resolved_at is None
        else max(1.0, (session.resolved_at - session.created_at) / 1e6)
    )
    return Share(
        session.id,
        day,
        hour,
        session.channel or "",
        session.app or "",
        session.agent or "",
        session.state or "",
        session.message_count,
        within_sum(session.input_tokens),
        within_sum(session.output_tokens),
        within_sum(session.cost_nanos),
        int(session.resolution == "resolved"),
        int(session.resolution == "unresolved"),
        None if took is None else round(math.log(took) * _STEPS_PER_E),
    )


def seconds_of(slot: int) -> float:
    """The seconds to resolve that a slot stands for."""
    return math.exp(slot / _STEPS_PER_E)


def behind(after: str, limit: int) -> Steps[list[str]]:
    """The next workspaces, by id, with changes since the last count."""
    return [row[0] for row in (yield from steps.rows("stats_behind", after=after, limit=limit))]


def is_current(workspace_id: str) -> Steps[bool]:
    """Whether nothing happened since the last count."""
    generation = (yield from value("generation_get", workspace_id=workspace_id)) or 0
    got = yield from row("stats_mark_get", workspace_id=workspace_id)
    return generation == (got[0] if got else 0) and (got is None or got[1] is None)


def follow(workspace_id: str, limit: int) -> Steps[bool]:
    """Count what changed in up to ``limit`` events or sessions; True when nothing is left."""
    generation = int((yield from value("generation_get", workspace_id=workspace_id)) or 0)
    mark = yield from _mark(workspace_id, generation)
    if mark is None:
        return True
    after, walked = mark
    if walked is not None:
        return (yield from _walk(workspace_id, after, walked, limit))
    if after >= generation:
        return True
    if (yield from _is_trimmed(workspace_id, after)):
        yield from run(
            "stats_mark_move", workspace_id=workspace_id, generation=generation, walked=""
        )
        return False
    happened = yield from steps.rows(
        "event_sessions", workspace_id=workspace_id, after=after, limit=limit
    )
    yield from recount(workspace_id, [row[0] for row in happened])
    until = happened[-1][1] if len(happened) == limit else generation
    yield from run("stats_mark_move", workspace_id=workspace_id, generation=until, walked=None)
    return bool(until == generation)


def _mark(workspace_id: str, generation: int) -> Steps[tuple[int, str | None] | None]:
    got = yield from row("stats_mark_lock", workspace_id=workspace_id)
    if got is None:
        if not generation:
            return None
        yield from run("stats_mark_put", workspace_id=workspace_id, generation=generation)
        got = yield from row("stats_mark_lock", workspace_id=workspace_id)
    return (int(got[0]), got[1]) if got else None


def _is_trimmed(workspace_id: str, after: int) -> Steps[bool]:
    first = yield from value("event_first", workspace_id=workspace_id)
    return first is None or first > after + 1


def _walk(workspace_id: str, generation: int, walked: str, limit: int) -> Steps[bool]:
    got = yield from steps.rows("stats_walk", workspace_id=workspace_id, after=walked, limit=limit)
    sessions = [rows.session(row) for row in got]
    yield from _count(
        workspace_id,
        {session.id: session for session in sessions},
        [session.id for session in sessions],
    )
    more = len(sessions) == limit
    yield from run(
        "stats_mark_move",
        workspace_id=workspace_id,
        generation=generation,
        walked=sessions[-1].id if more else None,
    )
    return False


def recount(workspace_id: str, session_ids: Iterable[str]) -> Steps[None]:
    """Count these sessions as they are now; one that is gone counts for nothing."""
    ids = list(dict.fromkeys(session_ids))
    if not ids:
        return
    fetched = yield from steps.rows(
        "session_by_ids", workspace_id=workspace_id, ids=rows.texts(ids)
    )
    yield from _count(
        workspace_id, {session.id: session for session in map(rows.session, fetched)}, ids
    )


def _count(workspace_id: str, sessions: dict[str, Session], ids: Sequence[str]) -> Steps[None]:
    if not ids:
        return
    kept = yield from steps.rows(
        "stats_sessions_of", workspace_id=workspace_id, session_ids=rows.texts(ids)
    )
    before = {share.session_id: share for share in (Share(*got) for got in kept)}
    after = {
        ident: share_of(session) for ident, session in sessions.items() if not session.is_timeless
    }
    changed = [ident for ident in ids if before.get(ident) != after.get(ident)]
    yield from _add(
        workspace_id,
        [before[id_] for id_ in changed if id_ in before],
        [after[id_] for id_ in changed if id_ in after],
    )
    here = {"workspace_id": workspace_id}
    yield from many(
        "stats_session_put", [here | _values(after[id_]) for id_ in changed if id_ in after]
    )
    yield from many(
        "stats_session_delete", [here | {"session_id": id_} for id_ in changed if id_ not in after]
    )


def forget(workspace_id: str, session_id: str) -> Steps[None]:
    """Take a session out of the statistics, in the transaction that deletes it."""
    got = yield from row("stats_session_delete", workspace_id=workspace_id, session_id=session_id)
    if got is not None:
        yield from _add(workspace_id, [Share(*got)], [])


def _add(workspace_id: str, minus: Sequence[Share], plus: Sequence[Share]) -> Steps[None]:
    days: dict[tuple[Any, ...], Counter[str]] = {}
    slots: Counter[tuple[Any, ...]] = Counter()
    for sign, shares in ((-1, minus), (1, plus)):
        for share in shares:
            cell = tuple(getattr(share, name) for name in _CELL)
            sums = days.setdefault(cell, Counter())
            sums["sessions"] += sign
            for name in _SUMS:
                sums[name] += sign * getattr(share, name)
            slots["hour", share.hour, *cell] += sign
            if share.duration is not None:
                slots["resolve", share.duration, *cell] += sign
    empty = dict.fromkeys(("workspace_id", "sessions", *_SUMS), 0) | {"workspace_id": workspace_id}
    yield from many(
        "stats_day_add",
        [
            empty
            | dict(zip(_CELL, cell, strict=True))
            | {name: max(-_MOST_AT_ONCE, min(by, _MOST_AT_ONCE)) for name, by in sums.items()}
            for cell, sums in sorted(days.items())
            if any(sums.values())
        ],
    )
    names = ("what", "slot", *_CELL)
    changed = [
        dict(zip(names, cell, strict=True)) | {"workspace_id": workspace_id, "by": by}
        for cell, by in sorted(slots.items())
        if by
    ]
    yield from many("stats_slot_add", changed)


def _values(share: Share) -> dict[str, Any]:
    return {name: getattr(share, name) for name in share.__struct_fields__}


def tallies(workspace_id: str, query: StatsQuery) -> Steps[list[Tally]]:
    """The sums by day, and by value where a dimension is asked for."""
    value_of = query.by or "''"
    names = ("sessions", *_SUMS)
    sums = ", ".join(
        f"cast(sum({name} / {_HALF}) as bigint), cast(sum({name} % {_HALF}) as bigint)"
        for name in names
    )
    conditions, values = _where(workspace_id, query)
    counted = f"select day, {value_of}, {sums} from stats_days where {conditions}"  # noqa: S608 - literal names above
    sql = f"{counted} group by 1, 2 order by 1, 2"
    got = yield from steps.composed(sql, values, "stats_tallies")
    return [
        Tally(
            day=day,
            value=key,
            **dict(zip(names, map(_joined, halves[::2], halves[1::2]), strict=True)),
        )
        for day, key, *halves in got
        if any(halves)
    ]


def _joined(high: int, low: int) -> int:
    """A sum of its two halves; at most what 64 bits hold."""
    return max(0, min(high * _HALF + low, _MOST))


def slots(workspace_id: str, query: StatsQuery, what: str) -> Steps[list[tuple[int, int, int]]]:
    """(day, slot, count) in order of the slots."""
    conditions, values = _where(workspace_id, query)
    sql = (
        "select day, slot, cast(sum(count) as bigint) from stats_slots"  # noqa: S608 - literal names
        f" where {conditions} and what = :what group by 1, 2 order by 2, 1"
    )
    got = yield from steps.composed(sql, values | {"what": what}, "stats_slots")
    return [(row[0], row[1], row[2]) for row in got if row[2]]


def _where(workspace_id: str, query: StatsQuery) -> tuple[str, dict[str, Any]]:
    conditions = ["workspace_id = :workspace_id", "day >= :first", "day <= :last"]
    values: dict[str, Any] = {
        "workspace_id": workspace_id,
        "first": query.first,
        "last": query.last,
    }
    for name in _CELL[1:]:
        named = {f"{name}_{index}": item for index, item in enumerate(getattr(query, name))}
        if named:
            conditions.append(f"{name} in ({', '.join(':' + param for param in named)})")
            values |= named
    return " and ".join(conditions), values


def all_of(
    workspace_id: str, query: StatsQuery
) -> Steps[tuple[list[Tally], list[tuple[int, int, int]], list[tuple[int, int, int]]]]:
    """Tallies, hours and resolution times of the same days."""
    return (
        (yield from tallies(workspace_id, query)),
        (yield from slots(workspace_id, query, "hour")),
        (yield from slots(workspace_id, query, "resolve")),
    )
