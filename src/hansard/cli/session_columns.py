"""The columns of a list of sessions: the fields of the API, as a person reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hansard.cli import output

if TYPE_CHECKING:
    from hansard.model import Session

COLUMNS = (
    "id",
    "state",
    "title",
    "channel",
    "message_count",
    "failed_calls",
    "updated_at",
    "user",
    "resolution",
)
METADATA = "metadata."
"""What stands before a key of the metadata that is a column."""
HEADINGS = {
    "message_count": "messages",
    "failed_calls": "failed",
    "tool_names": "tools",
    "updated_at": "updated",
    "cost_usd": "cost",
}


def columns_named(text: str | None) -> tuple[str, ...]:
    """The names in a list of columns; BadParameter for one that no session has."""
    from difflib import get_close_matches

    from hansard.cli.arguments import names
    from hansard.native.session_bodies import SessionOut

    known = SessionOut.__struct_fields__
    for name in names(text or ""):
        if name not in known and not name.startswith(METADATA):
            close = get_close_matches(name, known, 1)
            meant = f": did you mean {close[0]}?" if close else f": choose from {', '.join(known)}"
            raise click.BadParameter(f"no session has {name!r}{meant}")
    return names(text or "")


def cells(session: Session, columns: tuple[str, ...], now: int) -> list[str]:
    """A session's fields as a person reads them."""
    import msgspec

    from hansard.native.session_bodies import session_out

    out = session_out(session)
    own = {
        "title": session.title or session.preview or "",
        "failed_calls": str(session.failed_calls or ""),
        "tool_names": ", ".join(session.tool_names),
        "updated_at": output.ago(session.updated_at, now),
    }
    own |= {
        f"{METADATA}{key}": value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for key, value in msgspec.json.decode(session.metadata).items()
    }
    values = [
        own.get(name, "") if name in own or name.startswith(METADATA) else getattr(out, name)
        for name in columns
    ]
    return [
        bytes(value).decode() if isinstance(value, msgspec.Raw) else output.plain(value)
        for value in values
    ]
