"""Lists, without any input or output: what a page says, and how to ask for the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from hansard.client.exchange import Request
from hansard.client.structs import Page, Told

T = TypeVar("T")
S = TypeVar("S", bound=Told)
_PLACES = ("before", "after", "around")


def page_of(kind: type[S]) -> Callable[[dict[str, Any]], Page[S]]:
    """How to read a page of these."""

    def tell(answer: dict[str, Any]) -> Page[S]:
        data = [kind.of(one) for one in answer["data"]]
        return Page(data=data, has_more=bool(answer.get("has_more")), next_cursor=answer.get("next_cursor"), total=answer.get("total"))

    return tell


def next_page(request: Request[Page[T]], page: Page[T]) -> Request[Page[T]] | None:
    """The request for the page behind ``page``, None behind the last."""
    if not page.has_more or page.next_cursor is None:
        return None
    query = {name: value for name, value in request.query.items() if name not in _PLACES}
    return replace(request, query={**query, "cursor": page.next_cursor})
