"""The Python client: ``Hansard`` blocks, ``AsyncHansard`` awaits, and both say the same words.

client = Hansard()                                   # HANSARD_URL, HANSARD_API_KEY
client.sessions.start("order-17", channel="web")
client.messages.append("order-17", {"role": "user", "text": "Where is my order?"})
for session in client.sessions.list(state=["failed"], channel="web"):
    print(session.title)
"""

from __future__ import annotations

from hansard.client.aio import AsyncHansard
from hansard.client.checkpoint_structs import Blob, Checkpoint, PendingWrite
from hansard.client.context_structs import Context, Dropped, Manifest
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
from hansard.client.overview_structs import Attention, Facet
from hansard.client.params import (
    CheckpointBlob,
    CheckpointWrite,
    DocumentDrop,
    DocumentSet,
    ItemFields,
    NewMessage,
    NewRun,
    NewSession,
    SessionFields,
    SessionFilter,
    SessionStart,
    UsageFields,
)
from hansard.client.run_context import AsyncRunning, Running
from hansard.client.structs import (
    Deleted,
    Difference,
    Document,
    Erasure,
    Event,
    Figures,
    Item,
    Key,
    Message,
    Note,
    Page,
    Rewound,
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
    "Attention",
    "Blob",
    "Checkpoint",
    "CheckpointBlob",
    "CheckpointWrite",
    "Conflict",
    "Context",
    "Deleted",
    "Difference",
    "Document",
    "DocumentDrop",
    "DocumentSet",
    "Dropped",
    "Erasure",
    "Event",
    "Facet",
    "Figures",
    "Forbidden",
    "Hansard",
    "HansardError",
    "Invalid",
    "Item",
    "ItemFields",
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
    "PendingWrite",
    "Refused",
    "Rewound",
    "Run",
    "Running",
    "Score",
    "Session",
    "SessionFields",
    "SessionFilter",
    "SessionStart",
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
