"""The error answers of a route, as its OpenAPI document describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hansard.errors import (
    Busy,
    Conflict,
    Error,
    Forbidden,
    Invalid,
    NotFound,
    StoreUnavailable,
    TooLarge,
    TooMany,
    Unauthenticated,
)
from hansard.http.route import IF_MATCH, ONCE
from hansard.http.statuses import Internal, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hansard.http.route import Dialect, Route

Json = dict[str, Any]


def failures(dialect: Dialect, route: Route, schema: Json) -> Json:
    """The error answers by status: those that follow from the declaration, then the route's own.

    Answers of one status become one, with all their descriptions. The last two stand for whatever
    else a proxy or a later version may answer.
    """
    reasons: dict[str, str] = {}
    for error, reason in _derived(dialect, route):
        _add(reasons, status_of(dialect, error), reason)
    for status, reason in route.errors.items():
        _add(reasons, status, reason)
    ordered = {status: reasons[status] for status in sorted(reasons)}
    ordered |= {
        "4XX": "Another error of the request, in the same shape.",
        "5XX": "Another error of the server, in the same shape.",
    }
    content = {dialect.error_type: {"schema": schema}}
    return {
        status: {"description": reason, "content": content} for status, reason in ordered.items()
    }


def _add(reasons: dict[str, str], status: int, reason: str) -> None:
    known = reasons.get(str(status))
    reasons[str(status)] = f"{known} {reason}" if known else reason


def _derived(dialect: Dialect, route: Route) -> Iterator[tuple[Error, str]]:
    if route.params or route.body or route.raw_body or dialect.strict:
        yield Invalid(""), "A parameter or the body is not as described here."
    if not route.public:
        yield Unauthenticated(""), "There is no key, or it is not valid."
        yield Forbidden(""), f"The key does not have the scope `{route.scope}`."
        yield TooMany(""), "The key made too many requests; `Retry-After` has the seconds to wait."
    if route.body or route.raw_body:
        yield from _of_body(route)
    if ONCE in route.request_headers:
        yield Busy(""), "A request with this `Idempotency-Key` is being worked on."
        yield (
            Conflict("", code="idempotency_key_reused"),
            "The `Idempotency-Key` came with a different request before.",
        )
        yield (
            NotFound("", code="deleted_since"),
            "The request was done before, and what it answered has been deleted since.",
        )
    if IF_MATCH in route.request_headers:
        yield (
            Conflict("", code="version_mismatch"),
            "The session has changed since the version in `If-Match`.",
        )
    if route.method != "GET":
        yield StoreUnavailable("", code="store_full"), "The store's disk is full."
    yield Internal(""), "A fault of the server; its log has the details under the request id."
    yield (
        StoreUnavailable(""),
        "The store cannot be reached now; `Retry-After` has the seconds to wait.",
    )


def _of_body(route: Route) -> Iterator[tuple[Error, str]]:
    yield TooLarge(""), f"The body is larger than {route.body_limit:,} bytes."
    yield Invalid("", code="unsupported_media_type"), "The body is of another media type."
    if route.body:
        yield Invalid("", code="bad_json"), "The body is not valid JSON."
