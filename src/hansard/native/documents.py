"""``/v1/documents``: small bodies of sessions, end users, apps and the workspace."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.route import IF_NONE_MATCH, MIB, ONCE, Reply, Route
from hansard.model.document import Document, DocumentRef
from hansard.native.document_bodies import (
    BatchIn,
    BatchOut,
    DocumentChange,
    DocumentDeleted,
    DocumentDrop,
    DocumentList,
    DocumentOut,
    DocumentParams,
    ListParams,
    OwnerParams,
    document_out,
    draft_of,
    set_draft,
    without_owner,
)
from hansard.native.errors import FOREIGN_OWNER

_REVISION = re.compile(r'(?:W/)?"?r([0-9]{1,15})"?')


async def read_document(call: Call[DocumentParams, None]) -> Reply:
    """Read a document"""
    document = await call.service.documents.read(call.principal, _ref(call.params, None))
    return Reply(body=document_out(document), etag=_tag(document))


async def set_document(call: Call[DocumentParams, DocumentChange]) -> Reply:
    """Set a document, or merge into it

    With `If-Match: "r3"`, or `if_revision`, it is refused with 412 when the document is at another
    revision; with `If-None-Match: *` when there is one. The answer does not repeat what it says.
    """
    draft = await call.off_loop(lambda: draft_of(call.body, call.params, _if_revision(call)))
    call.forget_body()
    return _written(
        await call.service.documents.set(call.principal, draft, once=call.once(_first_written))
    )


def _first_written(documents: Sequence[Document]) -> Reply:
    return _written(documents[0])


def _written(document: Document) -> Reply:
    status = 201 if document.revision == 1 else 200
    return Reply(body=without_owner(document), status=status, etag=_tag(document))


async def delete_document(call: Call[DocumentParams, None]) -> DocumentDeleted:
    """Permanently delete a document"""
    key = call.params.key

    def deleted(_: object) -> DocumentDeleted:
        return DocumentDeleted(key=key, deleted=True)

    ref = _ref(call.params, _if_revision(call))
    return deleted(
        await call.service.documents.delete(call.principal, ref, once=call.once(deleted))
    )


async def list_documents(call: Call[ListParams, None]) -> DocumentList:
    """List documents in the order of their keys' bytes

    Those of one owner. For the scope `user` without a `user`: those of all users of the `app`, user
    by user.
    """
    params = call.params
    documents, cursor = await call.service.documents.list(
        call.principal,
        _ref(params, None),
        prefix=params.prefix,
        limit=params.limit,
        cursor=params.cursor,
        bodies=params.bodies,
    )
    return DocumentList(
        data=[document_out(document) for document in documents],
        has_more=cursor is not None,
        next_cursor=cursor,
    )


async def change_documents(call: Call[None, BatchIn]) -> BatchOut:
    """Set and delete documents in one transaction"""
    drafts = await call.off_loop(lambda: [set_draft(each) for each in call.body.set])
    dropped = [_ref(each, each.if_revision) for each in call.body.delete]
    call.forget_body()

    def done(documents: Sequence[Document]) -> BatchOut:
        return BatchOut(data=[without_owner(each) for each in documents], deleted=len(dropped))

    return done(
        await call.service.documents.batch(call.principal, drafts, dropped, once=call.once(done))
    )


def _ref(owner: OwnerParams | DocumentDrop, if_revision: int | None) -> DocumentRef:
    return DocumentRef(
        scope=owner.scope,
        key=getattr(owner, "key", ""),
        session=owner.session,
        user=owner.user,
        app=owner.app,
        if_revision=if_revision,
    )


def _if_revision(
    call: Call[DocumentParams, DocumentChange] | Call[DocumentParams, None],
) -> int | None:
    """The revision that the headers, or the body, ask for; None without any."""
    if call.headers.get("if-none-match").strip() == "*":
        return 0
    wanted = call.headers.get("if-match").strip()
    if wanted in {"", "*"}:
        return getattr(getattr(call, "body", None), "if_revision", None)
    revision = _REVISION.fullmatch(wanted)
    if revision is None:
        raise Invalid('If-Match must be the ETag of a document, such as "r3"', param="If-Match")
    return int(revision[1])


def _tag(document: Document) -> str:
    return f'"r{document.revision}"'


_CONFLICT = {412: "`revision_mismatch`: the document is at another `revision`."}
_MISSING = {404: "`session_not_found`, `document_not_found`: no such session or document."}
_OWNERS = FOREIGN_OWNER | {
    403: "`other_user`, `other_app`, `narrowed_key`: the key is limited to another owner."
}
_PATH = "/v1/documents"

routes = (
    Route(
        f"GET {_PATH}",
        read_document,
        msgpack=True,
        scope="sessions:read",
        params=DocumentParams,
        returns=DocumentOut,
        request_headers=(IF_NONE_MATCH,),
        errors=_OWNERS | _MISSING,
    ),
    Route(
        f"PUT {_PATH}",
        set_document,
        msgpack=True,
        scope="sessions:write",
        params=DocumentParams,
        body=DocumentChange,
        body_limit=6 * MIB,
        returns=DocumentOut,
        extra_statuses=(201,),
        request_headers=(ONCE,),
        errors=_OWNERS
        | _MISSING
        | _CONFLICT
        | {413: "`document_too_large`: it has, or a merge would have, more than 4 MiB."},
    ),
    Route(
        f"DELETE {_PATH}",
        delete_document,
        msgpack=True,
        scope="sessions:write",
        params=DocumentParams,
        returns=DocumentDeleted,
        request_headers=(ONCE,),
        errors=_OWNERS | _MISSING | _CONFLICT,
    ),
    Route(
        f"GET {_PATH}/list",
        list_documents,
        msgpack=True,
        scope="sessions:read",
        params=ListParams,
        returns=DocumentList,
        errors=_OWNERS | _MISSING,
    ),
    Route(
        f"POST {_PATH}/batch",
        change_documents,
        msgpack=True,
        scope="sessions:write",
        body=BatchIn,
        body_limit=8 * MIB,
        returns=BatchOut,
        request_headers=(ONCE,),
        errors=_OWNERS
        | _MISSING
        | _CONFLICT
        | {413: "`batch_too_large`, `document_too_large`: too many documents, or one over 4 MiB."},
    ),
)
