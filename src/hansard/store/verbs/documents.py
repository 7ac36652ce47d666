"""Documents: read, list, set and delete, each with a revision of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
from msgspec import Raw, Struct

from hansard.errors import Conflict, Invalid, NotFound, TooLarge
from hansard.model.document import BODY, Document, DocumentDraft, DocumentRef
from hansard.model.page import PAGE_BYTES
from hansard.store import rows, steps
from hansard.store.steps import Row, Steps, row, run, value
from hansard.store.verbs.session_lookup import SessionRef, existing, locked

if TYPE_CHECKING:
    from collections.abc import Sequence

BEYOND_SESSIONS = ("app", "user", "workspace")
"""The scopes of documents that belong to no session."""
_LAST = chr(0x10FFFF)
_AT_ONCE = 50
_objects = msgspec.json.Decoder(dict[str, Raw])


class Owner(NamedTuple):
    """Whose documents, within a scope."""

    scope: str
    name: str
    app: str | None = None
    user_id: str | None = None
    session_id: str | None = None


class Listing(Struct, frozen=True, kw_only=True):
    """A stretch of a list: keys that begin with ``prefix``, behind ``after`` (owner and key)."""

    prefix: str = ""
    after: tuple[str, str] | None = None
    limit: int = 50
    bodies: bool = True
    now: int = 0


def owner_of(within: SessionRef, ref: DocumentRef, *, lock: bool = False) -> Steps[Owner]:
    """Whose document ``ref`` is; NotFound for a session that the caller does not see."""
    if ref.scope == "session":
        of = within if ref.session is None else msgspec.structs.replace(within, name=ref.session)
        session = yield from (locked(of) if lock else existing(of))
        return Owner("session", session.id, session_id=session.id)
    if ref.scope == "user":
        return Owner("user", _user(ref.app, ref.user), ref.app, ref.user)
    return Owner(ref.scope, ref.app or "", ref.app)


def get(within: SessionRef, ref: DocumentRef, now: int) -> Steps[Document]:
    """One document; NotFound."""
    owner = yield from owner_of(within, ref)
    stored = yield from row("document_get", **_at(within, owner, ref.key), now=now)
    if stored is None:
        raise _missing(ref.key)
    return document(stored)


def listed(
    within: SessionRef, ref: DocumentRef, listing: Listing
) -> Steps[tuple[list[Document], bool]]:
    """A page of documents in the order of their keys' bytes, and whether more follow.

    Those of one owner; for the scope ``user`` without a user, those of all users of the app. Fewer
    than asked for where their bodies would go beyond the bytes of a page.
    """
    across = ref.scope == "user" and ref.user is None
    owner = Owner("user", "") if across else (yield from owner_of(within, ref))
    here = {"workspace_id": within.workspace_id, "scope": owner.scope, "now": listing.now}
    here |= {"since": listing.prefix, "until": _behind(listing.prefix)}
    after_owner, after = listing.after or ("", "")
    if across:
        some = _user(ref.app, "")[:-2]  # up to the quote that begins the user
        here |= {"owner_since": some, "owner_until": some + _LAST, "after_owner": after_owner}
    else:
        here |= {"owner": owner.name}
    name = "document_list_across" if across else "document_list"
    heads = yield from steps.rows(name, **here, after=after, limit=listing.limit + 1)
    documents = [document(head) for head in heads[: listing.limit]]
    if not listing.bodies:
        return documents, len(heads) > listing.limit
    count = _fitting([head.size for head in documents])
    whole: list[Document] = []
    for head in documents[:count]:
        stored = yield from row(
            "document_get",
            workspace_id=within.workspace_id,
            scope=head.scope,
            owner=head.owner,
            key=head.key,
            now=listing.now,
        )
        if stored is not None:  # not deleted meanwhile
            whole.append(document(stored))
    return whole, len(heads) > count


def of_sessions(
    workspace_id: str, session_ids: Sequence[str], key: str, now: int
) -> Steps[tuple[dict[str, Document], int]]:
    """The document of this key that each session has, by session id; and for how many sessions.

    For all of them, unless the documents would go beyond the bytes of a page.
    """
    if not session_ids:
        return {}, 0
    here = {"workspace_id": workspace_id, "key": key, "now": now}
    lengths = yield from steps.rows(
        "document_sizes_of_sessions", **here, ids=rows.texts(session_ids)
    )
    sizes = dict(map(tuple, lengths))
    count = _fitting([sizes.get(ident, 0) for ident in session_ids])
    stored = yield from steps.rows(
        "document_of_sessions", **here, ids=rows.texts(session_ids[:count])
    )
    return {each[1]: document(each) for each in stored}, count


def batch(
    within: SessionRef,
    drafts: Sequence[DocumentDraft],
    deleted: Sequence[DocumentRef],
    now: int,
) -> Steps[list[Document]]:
    """Set and delete several documents, all or none; those that were set, in their order.

    Raises NotFound for a session that is not there, Conflict ``revision_mismatch`` with the current
    ``revision``, Invalid and TooLarge for a merge that cannot be.
    """
    stored = yield from put_all(within, drafts, now)
    for ref in deleted:
        yield from delete(within, ref, now)
    return stored


def put_all(within: SessionRef, drafts: Sequence[DocumentDraft], now: int) -> Steps[list[Document]]:
    """Set several documents, as ``batch``."""
    owners: list[Owner] = []
    for draft in drafts:
        owner = yield from owner_of(within, draft, lock=True)
        owners.append(owner)
    stored: dict[int, Document] = {}
    # In one order, so that two batches never wait for each other.
    for number in sorted(range(len(drafts)), key=lambda at: (*owners[at][:2], drafts[at].key, at)):
        stored[number] = yield from _put(within, owners[number], drafts[number], now)
    return [stored[number] for number in range(len(drafts))]


def delete(within: SessionRef, ref: DocumentRef, now: int) -> Steps[None]:
    """Delete one document for ever; NotFound, or Conflict ``revision_mismatch``."""
    owner = yield from owner_of(within, ref, lock=True)
    here = _at(within, owner, ref.key)
    yield from run("document_drop_expired", **here, now=now)
    before = yield from row("document_lock", **here)
    at_revision(ref, 0 if before is None else before[0])
    if before is None:
        raise _missing(ref.key)
    yield from run("document_delete", **here)


def _put(within: SessionRef, owner: Owner, draft: DocumentDraft, now: int) -> Steps[Document]:
    here = _at(within, owner, draft.key)
    yield from run("document_drop_expired", **here, now=now)
    facts = {"type": draft.type, "encoding": draft.encoding, "expires_at": draft.expires_at}
    if not draft.if_revision:
        new = yield from value(
            "document_put",
            **here,
            **facts,
            body=draft.body,
            now=now,
            revision=1,
            app=owner.app,
            user_id=owner.user_id,
            session_id=owner.session_id,
        )
        if new is not None:
            return _stored(owner, draft, 1, draft.body, now, now)
    before = yield from row("document_lock", **here)
    at_revision(draft, 0 if before is None else before[0])
    if before is None:  # deleted since it was found
        raise _missing(draft.key)
    body = _merged(before, draft) if draft.merge else draft.body
    revision = yield from value("document_update", **here, **facts, body=body, now=now)
    return _stored(owner, draft, revision, body, before[3], now)


def walk(workspace_id: str, session_id: str) -> Steps[list[Document]]:
    """All documents of a session, whole."""
    walked: list[Document] = []
    after = ""
    while stored := (
        yield from steps.rows(
            "document_walk",
            workspace_id=workspace_id,
            session_id=session_id,
            after=after,
            limit=_AT_ONCE,
        )
    ):
        walked += map(document, stored)
        after = walked[-1].key
    return walked


def walk_scope(workspace_id: str, scope: str, after: tuple[str, str]) -> Steps[list[Document]]:
    """The next documents of a scope behind one of them (owner and key), whole."""
    stored = yield from steps.rows(
        "document_walk_scope",
        workspace_id=workspace_id,
        scope=scope,
        after_owner=after[0],
        after=after[1],
        limit=_AT_ONCE,
    )
    return [*map(document, stored)]


def restore(workspace_id: str, session_id: str, documents: Sequence[Document]) -> Steps[int]:
    """Store documents of a session as they were, where they are further on; how many that was."""
    owner = {"owner": session_id, "session_id": session_id}
    owned = [msgspec.structs.replace(each, **owner) for each in documents]
    return (yield from _restore(workspace_id, owned))


def restore_beyond(workspace_id: str, documents: Sequence[Document]) -> Steps[int]:
    """The same for documents of users, apps and the workspace."""
    owned = [
        msgspec.structs.replace(
            each, owner=_user(each.app, each.user_id) if each.scope == "user" else each.app or ""
        )
        for each in documents
    ]
    return (yield from _restore(workspace_id, owned))


def _restore(workspace_id: str, documents: Sequence[Document]) -> Steps[int]:
    count = 0
    for each in documents:
        values = {"workspace_id": workspace_id} | msgspec.structs.asdict(each)
        del values["size"]
        row_key = {name: values[name] for name in ("workspace_id", "scope", "owner", "key")}
        before = yield from row("document_lock", **row_key)
        if before is not None and before[0] >= each.revision:
            continue
        yield from run("document_delete", **row_key)
        yield from run("document_restore", **values)
        count += 1
    return count


def expire(workspace_id: str, now: int, limit: int) -> Steps[bool]:
    """Delete up to ``limit`` documents past their time; True when there may be more."""
    gone = yield from steps.rows("document_expire", workspace_id=workspace_id, now=now, limit=limit)
    return len(gone) == limit


def at_revision(ref: DocumentRef, revision: int) -> None:
    """Raises Conflict when the document is not at the revision that the caller knows."""
    if ref.if_revision is None or ref.if_revision == revision:
        return
    is_at = f"is at revision {revision}" if revision else "is not there"
    raise Conflict(
        f"the document {ref.key!r} {is_at}: read it, then try again",
        code="revision_mismatch",
        param="if_revision",
        revision=revision,
    )


def _merged(before: Row, draft: DocumentDraft) -> bytes:
    """The stored object with the draft's names replaced, in its order."""
    try:
        merged = _objects.decode(bytes(before[2])) | _objects.decode(draft.body)
    except msgspec.DecodeError as problem:
        raise Invalid(
            f"the document {draft.key!r} is not a JSON object: it cannot be merged", param="merge"
        ) from problem
    body = msgspec.json.encode(merged)
    if len(body) > BODY:
        raise TooLarge(
            f"the document {draft.key!r} would be larger than {BODY} bytes",
            code="document_too_large",
            param="merge",
        )
    return body


def _stored(  # noqa: PLR0913 - what the answer tells
    owner: Owner, draft: DocumentDraft, revision: int, body: bytes, created_at: int, now: int
) -> Document:
    return Document(
        owner.scope,
        owner.name,
        draft.key,
        revision,
        draft.type,
        draft.encoding,
        len(body),
        owner.app,
        owner.user_id,
        owner.session_id,
        created_at,
        now,
        draft.expires_at,
        body,
    )


def document(stored: Row) -> Document:
    head = Document(*stored[:_HEAD])
    has_body = len(stored) > _HEAD
    return msgspec.structs.replace(head, body=bytes(stored[_HEAD])) if has_body else head


_HEAD = len(Document.__struct_fields__) - 1


def _fitting(sizes: Sequence[int]) -> int:
    """How many bodies of these sizes fit into a page; one in any case."""
    total = 0
    for count, size in enumerate(sizes):
        total += size
        if count and total > PAGE_BYTES:
            return count
    return len(sizes)


def _at(within: SessionRef, owner: Owner, key: str) -> dict[str, str]:
    return {
        "workspace_id": within.workspace_id,
        "scope": owner.scope,
        "owner": owner.name,
        "key": key,
    }


def _user(app: str | None, user_id: str | None) -> str:
    return msgspec.json.encode([app, user_id]).decode()


def _behind(prefix: str) -> str:
    """A text behind every key that begins with ``prefix``."""
    return prefix + _LAST * 2


def _missing(key: str) -> NotFound:
    return NotFound(f"no document {key!r}", code="document_not_found", param="key")
