"""Every answer of an API is one that its OpenAPI document describes: its status, and its body."""

from __future__ import annotations

from functools import cache
from typing import Any

import httpx
import jsonschema_rs
import msgspec

from hansard.app import DIALECTS
from hansard.http.openapi import document
from hansard.http.routing import Router

Json = dict[str, Any]
_ROUTER = Router(DIALECTS)
_OWN_STATUSES = {405, 408, 411, 413, 414, 431}
"""What the server itself may answer, before it comes to a route."""


async def documented(response: httpx.Response) -> None:
    """An event hook of httpx; AssertionError for an answer that no document describes."""
    operation = _operation(response.request.method, response.request.url.path)
    if operation is None or response.status_code in _OWN_STATUSES:
        return
    answer = operation["responses"].get(str(response.status_code))
    assert answer is not None, f"{response.status_code} is not documented: {response.request.url}"
    media_type = response.headers.get("content-type", "").partition(";")[0]
    if response.request.method == "HEAD" or "content" not in answer:
        return
    assert media_type in answer["content"], (response.request.url, media_type)
    if media_type not in {"application/json", "application/problem+json"}:
        return
    validator = _validator(msgspec.json.encode(answer["content"][media_type]["schema"]))
    problems = [
        f"{error.instance_path}: {error.message}"
        for error in validator.iter_errors(msgspec.json.decode(await response.aread()))
    ]
    assert not problems, (str(response.request.url), problems[:5])


def _operation(method: str, path: str) -> Json | None:
    methods, _, _ = _ROUTER.find(path)
    route = methods.get(method) or (methods.get("GET") if method == "HEAD" else None)
    if route is None or "\x00" in path:  # such a path leads nowhere
        return None
    operation: Json = _document()["paths"][route[1].path][route[1].method.lower()]
    return operation


@cache
def _document() -> Json:
    raw = msgspec.json.encode(document(DIALECTS, title="", description=""))
    return msgspec.json.decode(raw, type=dict[str, Any])


@cache
def _validator(schema: bytes) -> Any:
    components = {"components": _document()["components"]}
    return jsonschema_rs.validator_for(msgspec.json.decode(schema) | components)
