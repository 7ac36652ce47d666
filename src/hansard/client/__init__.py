"""The Python client: ``Hansard`` blocks, ``AsyncHansard`` awaits, and both say the same words.

client = Hansard()                                   # HANSARD_URL, HANSARD_API_KEY
client.sessions.start("order-17", channel="web")
client.messages.append("order-17", {"role": "user", "text": "Where is my order?"})
for session in client.sessions.list(state=["failed"], channel="web"):
    print(session.title)
"""

from __future__ import annotations

from hansard.client.aio import AsyncHansard
from hansard.client.errors import (
    Conflict,
    Forbidden,
    HansardError,
    Invalid,
    Misconfigured,
    NotFound,
    Refused,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    Unreachable,
    Unreadable,
)
from hansard.client.params import (
    NewMessage,
    NewRun,
    NewSession,
    SessionFields,
    SessionFilter,
    UsageFields,
)
from hansard.client.run_context import AsyncRunning, Running
from hansard.client.structs import (
    Context,
    Deleted,
    Difference,
    Dropped,
    Erasure,
    Event,
    Figures,
    Key,
    Manifest,
    Message,
    Note,
    Page,
    Run,
    Score,
    Session,
    Snippet,
    Stats,
    Usage,
    Workspace,
)
from hansard.client.sync import Hansard
from hansard.client.verbs import AsyncPages, Pages

__all__ = [
    "AsyncHansard",
    "AsyncPages",
    "AsyncRunning",
    "Conflict",
    "Context",
    "Deleted",
    "Difference",
    "Dropped",
    "Erasure",
    "Event",
    "Figures",
    "Forbidden",
    "Hansard",
    "HansardError",
    "Invalid",
    "Key",
    "Manifest",
    "Message",
    "Misconfigured",
    "NewMessage",
    "NewRun",
    "NewSession",
    "NotFound",
    "Note",
    "Page",
    "Pages",
    "Refused",
    "Run",
    "Running",
    "Score",
    "Session",
    "SessionFields",
    "SessionFilter",
    "Snippet",
    "Stats",
    "TooLarge",
    "TooMany",
    "Unauthenticated",
    "Unavailable",
    "Unreachable",
    "Unreadable",
    "Usage",
    "UsageFields",
    "Workspace",
]
