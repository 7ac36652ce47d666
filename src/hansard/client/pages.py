"""Lists without any input or output: the pages, and the request for the next one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from hansard.client.requests import Request
from hansard.client.structs import Page, Record

T = TypeVar("T")
S = TypeVar("S", bound=Record)
_OWN = {"data", "has_more", "next_cursor", "total"}


def listed(
    kind: type[S],
    path: str,
    page_size: int | None,
    query: Mapping[str, object],
    *,
    anchors: Sequence[str] = (),
) -> Request[Page[S]]:
    """The request for a list of ``kind``; only its first page takes the ``anchors``."""
    return Request(
        "GET",
        path,
        _page_of(kind),
        query={**query, "limit": page_size},
        renamed={"limit": "page_size"},
        anchors=anchors,
    )


def _page_of(kind: type[S]) -> Callable[[dict[str, Any]], Page[S]]:
    def parse(answer: dict[str, Any]) -> Page[S]:
        data = [kind.of(item) for item in answer["data"]]
        extra = {name: value for name, value in answer.items() if name not in _OWN}
        return Page(
            data=data,
            has_more=bool(answer.get("has_more")),
            next_cursor=answer.get("next_cursor"),
            total=answer.get("total"),
            extra=extra,
        )

    return parse


def next_page(request: Request[Page[T]], page: Page[T]) -> Request[Page[T]] | None:
    """The request for the page behind ``page``, None behind the last."""
    if not page.has_more or page.next_cursor is None:
        return None
    query = {name: value for name, value in request.query.items() if name not in request.anchors}
    return replace(request, query={**query, "cursor": page.next_cursor})
