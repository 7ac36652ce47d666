"""What can be done to many sessions at once, and how that is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.web.formatting import plural

if TYPE_CHECKING:
    from hansard.access import Principal

_ACTIONS = (
    ("resolve", "Resolve", "sessions:write"),
    ("unresolve", "Mark unresolved", "sessions:write"),
    ("reopen", "Reopen", "sessions:write"),
    ("tag", "Tag…", "sessions:write"),
    ("archive", "Archive", "sessions:write"),
    ("export", "Export", "export"),
    ("delete", "Delete…", "sessions:delete"),
)
_DONE = {
    "resolve": "resolved",
    "unresolve": "marked unresolved",
    "reopen": "reopened",
    "tag": "tagged",
    "untag": "untagged",
    "archive": "archived",
    "unarchive": "restored",
    "delete": "deleted",
}


def bulk_actions(principal: Principal) -> list[tuple[str, str]]:
    """The actions that the key allows: name and label."""
    return [(name, label) for name, label, scope in _ACTIONS if scope in principal.scopes]


def done(action: str, changed: int) -> str:
    return f"{plural(changed, 'session')} {_DONE[action]}"
