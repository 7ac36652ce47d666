"""What a process is told when it starts: loaded once, passed on, never a global."""

from __future__ import annotations

from msgspec import Struct


class Settings(Struct, frozen=True, kw_only=True):
    """``store`` is the database's URL; ``migrate`` lets the server bring it up to date at start.

    ``access_log`` writes a JSON line a request to standard error. ``reap_seconds`` is the pause between two looks
    for lapsed runs. ``prepared`` is for PostgreSQL: false behind a PgBouncer older than 1.21.
    """

    store: str = "sqlite:///hansard.db"
    host: str = "127.0.0.1"
    port: int = 8765
    migrate: bool = True
    access_log: bool = False
    reap_seconds: float = 2.0
    prepared: bool = True
