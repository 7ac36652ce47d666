"""Stores as a migration leaves them that wants their sessions counted again."""

from __future__ import annotations

from typing import Any

from hansard.store.steps import composed


def recount_due(workspace_id: str) -> Any:
    yield from composed(
        "insert into recounts (workspace_id, walked) values (:w, '')"
        " on conflict (workspace_id) do update set walked = ''",
        {"w": workspace_id},
    )
