"""What the native API takes and shows of a document."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, structs

from hansard.errors import Invalid
from hansard.http.fields import Time, us
from hansard.model.document import Document, DocumentDraft, Scope
from hansard.model.times import Moment, rfc3339, rfc3339_or_none
from hansard.native.schemas import (
    AnyJson,
    Cursor,
    Deleted,
    HasMore,
    Json,
    Limit,
    NextCursor,
    StructType,
)


class OwnerParams(Struct, frozen=True, kw_only=True):
    """Whose documents: those of a session, of an end user, of an app, or of the workspace."""

    described_by: ClassVar[StructType] = Document
    example: ClassVar[Json] = {"scope": "session", "session": "order-17"}

    scope: Scope
    session: str | None = None
    """The session, by any of its ids; for the scope `session` alone."""
    user: str | None = None
    """The end user, by the application's id; for the scope `user` alone."""
    app: str | None = None
    """The application, for the scope `app`; with the scope `user` each application has documents of
    its own."""


class DocumentParams(OwnerParams, frozen=True, kw_only=True):
    """Which document."""

    example: ClassVar[Json] = {"scope": "session", "session": "order-17", "key": "state"}

    key: Annotated[str, Meta(min_length=1, max_length=512)]


class ListParams(OwnerParams, frozen=True, kw_only=True):
    """Which documents, and which page of them."""

    example: ClassVar[Json] = {"scope": "session", "session": "order-17", "prefix": "notes/"}

    prefix: Annotated[str, Meta(max_length=512)] = ""
    """Only keys that begin with this."""
    limit: Limit = 50
    """The most documents that a page may have."""
    cursor: Cursor = None
    bodies: bool = False
    """True shows what the documents say, not only which there are."""


class DocumentOut(Struct, frozen=True, kw_only=True):
    """A document. What was not asked for, or does not apply, is left out."""

    described_by: ClassVar[StructType] = Document
    example: ClassVar[Json] = {
        "scope": "session",
        "key": "state",
        "revision": 3,
        "type": "application/json",
        "size": 15,
        "value": {"step": "paid"},
        "user": "ada",
        "app": "shop",
        "created_at": "2026-01-31T09:30:00Z",
        "updated_at": "2026-01-31T09:31:12Z",
        "expires_at": "2026-03-01T00:00:00Z",
    }

    scope: str
    key: str
    revision: int
    type: str
    size: int
    created_at: Time
    updated_at: Time
    user: str | UnsetType = UNSET
    """The end user that it belongs to, in lists of several users' documents."""
    app: str | UnsetType = UNSET
    expires_at: Time | UnsetType = UNSET
    value: AnyJson | UnsetType = UNSET
    """What it says, where that is JSON: its text as it was set, or as a merge made it."""
    base64: bytes | UnsetType = UNSET
    """What it says, where that is bytes, in base64."""


class DocumentList(Struct, frozen=True, kw_only=True):
    """A page of documents."""

    data: list[DocumentOut]
    """The documents of the page, in the order of their keys' bytes."""
    has_more: HasMore
    next_cursor: NextCursor


class DocumentChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a document says: ``value`` or ``base64``."""

    described_by: ClassVar[StructType] = Document
    example: ClassVar[Json] = {"value": {"step": "paid"}, "merge": True}

    value: AnyJson | UnsetType = UNSET
    """Any JSON value, at most 4 MiB; its text is kept as it stands in the request."""
    base64: bytes | UnsetType = UNSET
    """Any bytes, in base64, at most 4 MiB of them."""
    type: str | None = None
    """What it is, at most 128 characters; `application/json` for a `value` by default,
    `application/octet-stream` for bytes."""
    merge: bool = False
    """True replaces the names that `value` has in the object that is there, and keeps all others;
    null is stored."""
    if_revision: Annotated[int, Meta(ge=0)] | None = None
    """Only where the document is at this revision, 0 where there is none; else 412."""
    expires_at: Moment | None = None
    """When it will be gone; never by default."""


class DocumentSet(DocumentChange, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document to set."""

    described_by: ClassVar[StructType] = DocumentParams
    example: ClassVar[Json] = {"scope": "app", "app": "shop", "key": "prices", "value": {"tea": 3}}

    scope: Scope
    key: Annotated[str, Meta(min_length=1, max_length=512)]
    session: str | None = None
    user: str | None = None
    app: str | None = None


class DocumentDrop(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A document to delete."""

    described_by: ClassVar[StructType] = DocumentSet
    example: ClassVar[Json] = {"scope": "user", "user": "ada", "key": "notes/1"}

    scope: Scope
    key: Annotated[str, Meta(min_length=1, max_length=512)]
    session: str | None = None
    user: str | None = None
    app: str | None = None
    if_revision: Annotated[int, Meta(ge=0)] | None = None


class BatchIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Documents to set and to delete: all of them or, after an error, none."""

    example: ClassVar[Json] = {"set": [DocumentSet.example], "delete": [DocumentDrop.example]}

    set: list[DocumentSet] = []
    """Those to set, in any scopes; at most 100 with those to delete."""
    delete: list[DocumentDrop] = []
    """Those to delete; one that is not there is 404."""


class BatchOut(Struct, frozen=True, kw_only=True):
    """What a batch did."""

    data: list[DocumentOut]
    """The documents that were set, in the order of the request, without what they say."""
    deleted: int
    """How many documents are gone."""


class DocumentDeleted(Struct, frozen=True, kw_only=True):
    """What a deletion removed, for ever."""

    key: str
    """The document, as the request named it."""
    deleted: Deleted


def set_draft(body: DocumentSet) -> DocumentDraft:
    """The document that a batch, or an append, sets."""
    return draft_of(body, body, body.if_revision)


def draft_of(
    body: DocumentChange, owner: DocumentParams | DocumentSet, if_revision: int | None
) -> DocumentDraft:
    """The document that a caller means; Invalid when it is neither JSON nor bytes, or both."""
    if (body.value is UNSET) == (body.base64 is UNSET):
        raise Invalid(f"the document {owner.key!r} needs either value or base64", param="value")
    is_bytes = isinstance(body.base64, bytes)
    return DocumentDraft(
        scope=owner.scope,
        key=owner.key,
        session=owner.session,
        user=owner.user,
        app=owner.app,
        if_revision=if_revision,
        body=body.base64 if is_bytes else bytes(body.value),  # type: ignore[arg-type]  # one of them is set
        encoding="bytes" if is_bytes else "json",
        type=body.type or ("application/octet-stream" if is_bytes else "application/json"),
        merge=body.merge,
        expires_at=us(body.expires_at),
    )


def document_out(document: Document) -> DocumentOut:
    """The document with what it says, where that was read."""
    body, is_json = document.body, document.encoding == "json"
    return structs.replace(
        without_owner(document),
        user=document.user_id or UNSET,
        app=document.app or UNSET,
        value=Raw(body) if body is not None and is_json else UNSET,
        base64=body if body is not None and not is_json else UNSET,
    )


def without_owner(document: Document) -> DocumentOut:
    """What the answer to a write says: it may be kept for a day, so it neither quotes nor names."""
    return DocumentOut(
        scope=document.scope,
        key=document.key,
        revision=document.revision,
        type=document.type,
        size=document.size,
        created_at=rfc3339(document.created_at),
        updated_at=rfc3339(document.updated_at),
        expires_at=rfc3339_or_none(document.expires_at) or UNSET,
    )
