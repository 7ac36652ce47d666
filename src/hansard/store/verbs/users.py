"""End users, as the sessions name them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hansard.model.user import Rating, UserProfile
from hansard.store import steps
from hansard.store.steps import Steps, row

_MOST_IDS, _ORIGINS, _NAMES = 5000, 200, 50


def profile(workspace_id: str, user_id: str) -> Steps[UserProfile]:
    """The sums over a user's sessions, which are zero where there are none."""
    here = {"workspace_id": workspace_id, "user_id": user_id}
    sums = yield from row("user_sums", **here)
    assert sums is not None, "a sum always has a row"  # noqa: S101 - an invariant of SQL
    origins = yield from steps.rows("user_origins", **here, limit=_ORIGINS)
    judged = yield from steps.rows("user_scores", **here, limit=_NAMES)
    frequent = [Counter[str](), Counter[str](), Counter[str]()]
    for *origin, count in origins:
        for counter, value in zip(frequent, origin, strict=True):
            if value is not None:
                counter[value] += count
    named = [[value for value, _ in counter.most_common()] for counter in frequent]
    ratings = [Rating(*row) for row in judged]
    values: list[Any] = [user_id, *sums, *named, ratings]
    return UserProfile(*values)


def containing(workspace_id: str, text: str, limit: int) -> Steps[list[str]]:
    """The first ids, of 5,000 at most, that contain a text in any case; in their order."""
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    got = yield from steps.rows(
        "user_ids",
        workspace_id=workspace_id,
        pattern=f"%{escaped}%",
        most=_MOST_IDS,
        limit=limit,
    )
    return [row[0] for row in got]
