"""Several verbs as one transaction.

Counts and events are in rows that all writers of a workspace share. A verb writes them last, so
that nobody who waits for them holds up another. Of several verbs all of them are written at the
end of the last one: else the first would hold what the others' sessions wait for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from hansard.store.steps import Query, Row, Steps, Together, Values, many, together
from hansard.store.verbs.events import happened_many


class _Shared(Struct):
    """What the verbs would have written into rows that all share, in its order."""

    counts: Counter[tuple[str, str]]
    events: list[Values]

    def takes(self, query: Query) -> list[Row] | None:
        """The answer to a query that is kept for the end; None to any other."""
        values = [query.values] if query.many is None else query.many
        match query.name:
            case "generation_next":
                return [(0,)]  # the event gets its number at the end
            case "event_put":
                self.events += [_without_place(each) for each in values]
            case "count_add":
                for each in values:
                    self.counts[each["facet"], each["value"]] += each["by"]
            case _:
                return None
        return []


def gathered(workspace_id: str, verbs: Iterable[Steps[None]]) -> Steps[None]:
    """Run verbs that change one workspace and need nobody to see their events' numbers."""
    shared = _Shared(Counter(), [])
    for verb in verbs:
        yield from _driven(verb, shared)
    changed = [
        {"workspace_id": workspace_id, "facet": facet, "value": value, "by": by}
        for (facet, value), by in sorted(shared.counts.items())
        if by
    ]
    yield from many("count_add", changed)
    yield from happened_many(workspace_id, shared.events)


def _driven(verb: Steps[None], shared: _Shared) -> Steps[None]:
    try:
        query = next(verb)
        while True:
            query = verb.send((yield from _answered(query, shared)))
    except StopIteration:
        return


def _answered(query: Query, shared: _Shared) -> Steps[list[Any]]:
    """The answer to a query, of whose parts the shared ones are kept for the end."""
    if not isinstance(query, Together):
        answer = shared.takes(query)
        return (yield query) if answer is None else answer
    answers = [shared.takes(part) for part in query.parts]
    others = [part for part, kept in zip(query.parts, answers, strict=True) if kept is None]
    answered = iter((yield from together(query.name, others)))
    return [next(answered) if kept is None else kept for kept in answers]


def _without_place(event: Values) -> Values:
    return {name: value for name, value in event.items() if name not in {"workspace_id", "back"}}
