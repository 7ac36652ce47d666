"""Documents: read, list, set, delete, and several in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from hansard.errors import Forbidden, Invalid, TooLarge
from hansard.model.bounds import short
from hansard.model.document import AT_ONCE, BODY, KEY, TYPE, Document, DocumentDraft, DocumentRef
from hansard.service.rules import ref as session_ref
from hansard.service.rules import whole, write
from hansard.store.verbs import documents as verbs
from hansard.store.verbs.documents import Listing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.access import Principal
    from hansard.model.idempotency import IdempotentRequest
    from hansard.store import Store
    from hansard.store.cursors import Cursors

Ref = TypeVar("Ref", bound=DocumentRef)


class Documents:
    def __init__(self, store: Store, cursors: Cursors, clock: Callable[[], int]) -> None:
        self._store = store
        self._cursors = cursors
        self._clock = clock

    async def read(self, principal: Principal, ref: DocumentRef) -> Document:
        """One document; NotFound where it is absent, past its time, or the session is."""
        ref = owned(principal, ref)
        return await self._store.read(verbs.get, session_ref(principal, ""), ref, self._clock())

    async def list(  # noqa: PLR0913 - the coordinates of a page
        self,
        principal: Principal,
        ref: DocumentRef,
        *,
        prefix: str,
        limit: int,
        cursor: str | None,
        bodies: bool,
    ) -> tuple[Sequence[Document], str | None]:
        """A page of documents by the bytes of their keys, and the cursor of the next one.

        Those of one owner; for the scope ``user`` without a user, those of all users of the app.
        """
        ref = owned(principal, ref, is_list=True)
        walk = ["documents", ref.scope, ref.session, ref.user, ref.app, prefix]
        after: tuple[str, str] | None = None
        if cursor is not None:
            owner, key = self._cursors.read(principal.workspace_id, walk, cursor)
            after = (str(owner), str(key))
        documents, more = await self._store.read(
            verbs.listed,
            session_ref(principal, ""),
            ref,
            Listing(prefix=prefix, after=after, limit=limit, bodies=bodies, now=self._clock()),
        )
        if not more or not documents:
            return documents, None
        last = documents[-1]
        return documents, self._cursors.write(principal.workspace_id, walk, (last.owner, last.key))

    async def set(
        self, principal: Principal, draft: DocumentDraft, *, once: IdempotentRequest | None = None
    ) -> Document:
        """Set one document.

        Raises Conflict ``revision_mismatch``, with the current ``revision``, where it is not at
        ``if_revision``.
        """
        (document,) = await self.batch(principal, [draft], once=once)
        return document

    async def delete(
        self, principal: Principal, ref: DocumentRef, *, once: IdempotentRequest | None = None
    ) -> DocumentRef:
        """Delete one document for ever."""
        await self.batch(principal, [], [ref], once=once)
        return ref

    async def batch(
        self,
        principal: Principal,
        drafts: Sequence[DocumentDraft],
        deleted: Sequence[DocumentRef] = (),
        *,
        once: IdempotentRequest | None = None,
    ) -> Sequence[Document]:
        """Set and delete up to 100 documents in one transaction; those that were set."""
        now = self._clock()
        drafts, deleted = checked(principal, drafts), [owned(principal, ref) for ref in deleted]
        if not 1 <= len(drafts) + len(deleted) <= AT_ONCE:
            raise Invalid(f"set or delete 1-{AT_ONCE} documents at once", param="set")
        stored = await write(
            self._store,
            once,
            principal.workspace_id,
            now,
            verbs.batch,
            session_ref(principal, ""),
            drafts,
            deleted,
            now,
        )
        if deleted:
            await self._store.scrub()
        return stored


def checked(
    principal: Principal, drafts: Sequence[DocumentDraft], *, within_session: bool = False
) -> list[DocumentDraft]:
    """The drafts with their owners; Invalid, TooLarge or Forbidden for one that cannot be stored.

    ``within_session``: a session that none names is the one of the call.
    """
    if len(drafts) > AT_ONCE:
        raise TooLarge(
            f"{len(drafts)} documents: at most {AT_ONCE} at once",
            code="batch_too_large",
            param="documents",
        )
    for draft in drafts:
        _named(draft)
        if len(draft.body) > BODY:
            raise TooLarge(
                f"the document {draft.key!r} is larger than {BODY} bytes",
                code="document_too_large",
                param="value",
            )
        if not short(draft.type, "type", TYPE):
            raise Invalid("type is empty: say what the document is", param="type")
        if draft.merge and not (draft.encoding == "json" and draft.body.lstrip()[:1] == b"{"):
            raise Invalid("merge takes a value that is a JSON object", param="merge")
    return [
        draft
        if within_session and draft.scope == "session" and draft.session is None
        else owned(principal, draft)
        for draft in drafts
    ]


def _named(ref: DocumentRef) -> None:
    if not short(ref.key, "key", KEY):
        raise Invalid(f"key must be 1-{KEY} characters", param="key")


def owned(principal: Principal, ref: Ref, *, is_list: bool = False) -> Ref:
    """The reference with its owner, as far as a narrowed key implies it; Invalid or Forbidden."""
    if not is_list:
        _named(ref)
    if ref.scope == "session":
        _only(ref, "session")
        return ref
    if ref.scope == "workspace":
        _only(ref)
        whole(principal)
        return ref
    if ref.scope == "app":
        _only(ref, "app")
        if principal.user_id is not None:
            raise Forbidden("this key is limited to one end user", code="narrowed_key")
        return msgspec.structs.replace(ref, app=_own(ref, principal.app, "app"))
    app, user = principal.app if ref.app is None else ref.app, ref.user
    if principal.app not in (None, app):
        raise _foreign("app")
    if not is_list or user is not None or principal.user_id is not None:
        user = _own(ref, principal.user_id, "user")
    if ref.session is not None:
        raise Invalid("session does not go with scope user", param="session")
    return msgspec.structs.replace(ref, app=short(app, "app"), user=user)


def _own(ref: DocumentRef, own: str | None, field: str) -> str:
    """The user or app that the reference names, or that the key is limited to."""
    named = getattr(ref, field)
    if own is not None and named not in (None, own):
        raise _foreign(field)
    owner = short(named or own, field)
    if owner is None:
        raise Invalid(f"{field} is missing: scope {ref.scope} needs one", param=field)
    return owner


def _foreign(field: str) -> Forbidden:
    if field == "app":
        return Forbidden("this key is for another app", code="other_app", param="app")
    return Forbidden("this key is for another end user", code="other_user", param="user")


def _only(ref: DocumentRef, *fields: str) -> None:
    """Raises Invalid unless exactly these fields say whose document it is."""
    for field in ("session", "user", "app"):
        has = getattr(ref, field) is not None
        if has and field not in fields:
            raise Invalid(f"{field} does not go with scope {ref.scope}", param=field)
        if not has and field in fields and field != "app":
            raise Invalid(f"{field} is missing: scope {ref.scope} needs one", param=field)
