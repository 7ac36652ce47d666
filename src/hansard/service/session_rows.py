"""Rows of sessions: made from a draft, or changed by a patch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, Raw

from hansard.errors import Forbidden
from hansard.ids import uuid_in
from hansard.model import Session, SessionDraft
from hansard.model.bounds import own_id
from hansard.model.usage import Spent
from hansard.service.merge import merge_patch
from hansard.service.session_bounds import TEXTS, check_texts, sized

if TYPE_CHECKING:
    from hansard.access import Principal
    from hansard.ids import IdSource
    from hansard.model import SessionPatch


def drafted(
    principal: Principal, draft: SessionDraft, parent: Session | None, ids: IdSource, now: int
) -> Session:
    """The row for a draft; Invalid, TooLarge or Forbidden when it breaks a rule."""
    check_texts(draft, draft.tags)
    check_owner(principal, draft)
    own_name = own_id(draft.id) if draft.id is not None else None
    uuid = uuid_in(own_name) if own_name else None
    at = now if draft.created_at is None else draft.created_at
    plain = {field: getattr(draft, field) or None for field in TEXTS}
    plain |= {
        "channel": _lower(draft.channel),
        "user_id": draft.user_id or principal.user_id,
        "app": draft.app or principal.app,
    }
    empty: dict[str, Any] = dict.fromkeys(Session.__struct_fields__)
    row = Session(
        **empty
        | plain
        | {
            "workspace_id": principal.workspace_id,
            "id": uuid or ids.uuid(),
            "own_id": None if own_name == f"ses_{uuid}" else own_name,
            # A caller's UUID may be that of a deleted session, whose versions are cached.
            "version": now if uuid else 1,
            "kind": draft.kind,
            "parent_id": parent.id if parent else None,
            "created_by": principal.key_id,
            "title": _title_or_none(draft.title),
            "title_by": (draft.title_by or "user") if _title_or_none(draft.title) else None,
            "resolution": draft.resolution,
            "resolved_at": now if draft.resolution == "resolved" else None,
            "message_count": 0,
            "failed_calls": 0,
            "last_seq": 0,
            **Spent().sums,
            "created_at": at,
            "updated_at": now,
            "active_at": at,
            "used_at": at,
            "tags": _json(list(dict.fromkeys(draft.tags))),
            "trail": _json(draft.trail),
            "external_ids": _json(draft.external_ids),
            "metadata": _json(draft.metadata),
            "inherited": Raw(b"{}"),
            "runs_spent": Raw(b"{}"),
            "tools": Raw(b"{}"),
        }
    )
    return sized(row)


def check_owner(principal: Principal, change: SessionDraft | SessionPatch) -> None:
    """Raise Forbidden when a narrowed key would give the session to another owner."""
    unset = None if isinstance(change, SessionDraft) else UNSET
    if principal.user_id is not None and change.user_id not in (unset, principal.user_id):
        raise Forbidden("this key is for another end user", code="other_user", param="user_id")
    if principal.app is not None and change.app not in (unset, principal.app):
        raise Forbidden("this key is for another app", code="other_app", param="app")


def patched(session: Session, patch: SessionPatch, now: int) -> Session:
    fields = {
        field: value
        for field in patch.__struct_fields__
        if (value := getattr(patch, field)) is not UNSET
    }
    changes: dict[str, Any] = {
        field: value or None for field, value in fields.items() if field in TEXTS
    }
    changes |= {
        field: fields[field]
        for field in ("kind", "ended_at", "archived_at", "read_at")
        if field in fields
    }
    if "parent" in fields:
        changes["parent_id"] = None
    if fields.get("channel"):
        changes["channel"] = _lower(fields["channel"])
    for field in ("tags", "trail"):
        if field in fields:
            changes[field] = _json(
                list(dict.fromkeys(fields[field])) if field == "tags" else fields[field]
            )
    for field in ("external_ids", "metadata"):
        if field in fields:
            changes[field] = _json(
                merge_patch(msgspec.json.decode(getattr(session, field)), fields[field])
            )
    if "title" in fields:
        by = fields.get("title_by") or "user"
        if not (session.title_by == "user" and by != "user"):
            title = _title_or_none(fields["title"])
            changes |= {"title": title, "title_by": by if title else None}
    amended = msgspec.structs.replace(session, **changes)
    return resolved(amended, fields["resolution"], now) if "resolution" in fields else amended


def resolved(session: Session, resolution: str, now: int) -> Session:
    resolved_at = (session.resolved_at or now) if resolution == "resolved" else None
    return msgspec.structs.replace(session, resolution=resolution, resolved_at=resolved_at)


def _title_or_none(title: str | None) -> str | None:
    """The title unchanged; None when it is blank."""
    return title if title and title.strip() else None


def _lower(text: str | None) -> str | None:
    return text.strip().lower() or None if text else None


def _json(value: object) -> Raw:
    return Raw(msgspec.json.encode(value))
