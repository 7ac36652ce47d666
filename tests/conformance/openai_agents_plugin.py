"""Puts our session into the tests of the OpenAI Agents SDK, where they make its SQLite session.

A path of a database stands for a space of names, and one in memory for a space of its own.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import agents

from hansard.adapters.openai_agents import HansardSession


class SwappedSession(HansardSession):
    """Our session, made as the SDK's SQLite session is."""

    def __init__(
        self,
        session_id: str,
        db_path: str | Path = ":memory:",
        *_: object,
        session_settings: Any = None,
        **__: object,
    ) -> None:
        space = secrets.token_hex(8) if str(db_path) == ":memory:" else str(db_path)
        super().__init__(f"{space}:{session_id}", session_settings=session_settings)
        self.session_id = session_id

    def close(self) -> None:
        """Nothing: the client lives as long as its loop."""


agents.SQLiteSession = SwappedSession  # the tests import this name
