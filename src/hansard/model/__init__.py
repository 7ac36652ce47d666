"""The words of the house: sessions, messages, runs, keys, workspaces and pages of them."""

from hansard.model.key import Key
from hansard.model.message import Message, MessageDraft, MessageQuery, Usage
from hansard.model.page import Page
from hansard.model.run import Run, RunDraft, RunPatch
from hansard.model.search import Jump, Results, SearchHit, SearchNote, SearchQuery, Snippet
from hansard.model.session import Session, SessionDraft, SessionPatch
from hansard.model.session_filter import SessionFilter, SessionQuery
from hansard.model.workspace import Workspace

__all__ = [
    "Jump",
    "Key",
    "Message",
    "MessageDraft",
    "MessageQuery",
    "Page",
    "Results",
    "Run",
    "RunDraft",
    "RunPatch",
    "SearchHit",
    "SearchNote",
    "SearchQuery",
    "Session",
    "SessionDraft",
    "SessionFilter",
    "SessionPatch",
    "SessionQuery",
    "Snippet",
    "Usage",
    "Workspace",
]
