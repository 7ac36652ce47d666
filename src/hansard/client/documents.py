"""The requests of documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hansard.client.pages import listed
from hansard.client.params import DocumentDrop, DocumentSet, Scope, When, known
from hansard.client.requests import Request
from hansard.client.structs import Document, Page

_PATH = "/v1/documents"


def read(
    key: str,
    *,
    scope: Scope = "session",
    session: str | None = None,
    user: str | None = None,
    app: str | None = None,
) -> Request[Document]:
    """One document of a session, a user, an app or the workspace."""
    query = _owner(scope, session, user, app) | {"key": key}
    return Request("GET", _PATH, Document.of, query=query)


def put(  # noqa: PLR0913 - the parameters of the API
    key: str,
    value: Any = None,  # noqa: ANN401 - any JSON
    *,
    scope: Scope = "session",
    session: str | None = None,
    user: str | None = None,
    app: str | None = None,
    base64: bytes | None = None,
    type: str | None = None,
    merge: bool = False,
    if_revision: int | None = None,
    expires_at: When | None = None,
    idempotency_key: str | None = None,
) -> Request[Document]:
    """Set a document to ``value``, or to the bytes ``base64``; ``merge`` replaces the names given.

    Raises Conflict ``revision_mismatch`` when it is not at ``if_revision``, 0 for none at all.
    """
    body = {"type": type, "merge": merge, "if_revision": if_revision, "expires_at": expires_at}
    message: dict[str, object] = {"value": value} if base64 is None else {"base64": base64}
    return Request(
        "PUT",
        _PATH,
        Document.of,
        query=_owner(scope, session, user, app) | {"key": key},
        body=body | message,
        key=idempotency_key,
    )


def delete(  # noqa: PLR0913 - the parameters of the API
    key: str,
    *,
    scope: Scope = "session",
    session: str | None = None,
    user: str | None = None,
    app: str | None = None,
    idempotency_key: str | None = None,
) -> Request[None]:
    """Delete a document for ever."""
    query = _owner(scope, session, user, app) | {"key": key}
    return Request("DELETE", _PATH, _nothing, query=query, key=idempotency_key)


def listing(  # noqa: PLR0913 - the parameters of the API
    *,
    scope: Scope = "session",
    session: str | None = None,
    user: str | None = None,
    app: str | None = None,
    prefix: str | None = None,
    bodies: bool = True,
    page_size: int | None = None,
) -> Request[Page[Document]]:
    """The documents of one owner, in the order of their keys' bytes.

    With ``scope="user"`` and no ``user``: those of all users of the ``app``.
    """
    query = _owner(scope, session, user, app) | {"prefix": prefix, "bodies": bodies or None}
    return listed(Document, f"{_PATH}/list", page_size, query)


def batch(
    documents: Sequence[DocumentSet] = (),
    delete: Sequence[DocumentDrop] = (),
    *,
    idempotency_key: str | None = None,
) -> Request[list[Document]]:
    """Set and delete up to 100 documents in one transaction; those that were set."""
    body = {"set": checked(documents), "delete": [known(each, DocumentDrop) for each in delete]}
    return Request("POST", f"{_PATH}/batch", _several, body=body, key=idempotency_key)


def checked(documents: Sequence[DocumentSet]) -> list[Mapping[str, object]]:
    """The documents as they are; TypeError for a name that none has."""
    return [known(each, DocumentSet) for each in documents]


def _owner(scope: str, session: str | None, user: str | None, app: str | None) -> dict[str, object]:
    return {"scope": scope, "session": session, "user": user, "app": app}


def _several(answer: dict[str, list[dict[str, object]]]) -> list[Document]:
    return [Document.of(each) for each in answer["data"]]


def _nothing(_: object) -> None:
    return None
