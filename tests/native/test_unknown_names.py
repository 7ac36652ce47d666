"""A misspelt name in a body is refused with the right one.

Passed over, it would lift a guard or change something else.
"""

from __future__ import annotations

from typing import Any

import httpx
import msgspec.inspect
import pytest

from hansard.native import dialect

MESSAGES = {"role": "user", "text": "x"}


@pytest.mark.parametrize(
    ("method", "path", "body", "param", "meant"),
    [
        ("POST", "/v1/retention/apply", {"dryrun": True}, "dryrun", "'dry_run'"),
        ("PUT", "/v1/retention", {"rules": {}, "rule": {}}, "rule", "'rules'"),
        ("POST", "/v1/sessions", {"metdata": {}}, "metdata", "'metadata'"),
        ("PATCH", "/v1/sessions/s", {"titel": "x"}, "titel", "'title'"),
        ("POST", "/v1/sessions/s/end", {"resolved": True}, "resolved", "resolution"),
        ("POST", "/v1/sessions/s/fork", {"massage": 1}, "massage", "'message'"),
        (
            "POST",
            "/v1/sessions/s/messages",
            {"messages": [MESSAGES], "expected": 1},
            "expected",
            "'expected_seq'",
        ),
        (
            "POST",
            "/v1/sessions/s/messages",
            {"messages": [MESSAGES, {**MESSAGES, "clientid": "c"}]},
            "messages[1].clientid",
            "'client_id'",
        ),
        (
            "POST",
            "/v1/sessions/s/messages",
            {"messages": [{**MESSAGES, "usage": {"in": 1}}]},
            "messages[0].usage.in",
            "input_tokens",
        ),
        (
            "POST",
            "/v1/sessions/s/messages",
            {"messages": [{"role": "user", "content": "x"}]},
            "messages[0].content",
            "'text', or into 'parts'",
        ),
        ("POST", "/v1/sessions/s/runs", {"exclusiv": True}, "exclusiv", "'exclusive'"),
        ("POST", "/v1/keys", {"name": "k", "scope": ["sessions:read"]}, "scope", "'scopes'"),
        ("POST", "/v1/bulk", {"action": "resolve", "id": ["s"]}, "id", "'ids'"),
        ("PATCH", "/v1/workspace", {"setings": {}}, "setings", "'settings'"),
    ],
)
async def test_a_misspelt_field_is_refused_with_the_right_spelling(
    client: httpx.AsyncClient, method: str, path: str, body: dict[str, Any], param: str, meant: str
) -> None:
    await client.post("/v1/sessions", json={"id": "s", "title": "as it was"})
    answer = await client.request(method, path, json=body)
    assert (answer.status_code, answer.json()["code"], answer.json()["param"]) == (
        400,
        "unknown_field",
        param,
    )
    assert meant in answer.json()["detail"]
    session = (await client.get("/v1/sessions/s")).json()
    assert (session["title"], session["message_count"], session["version"]) == ("as it was", 0, 1)


async def test_what_is_the_callers_own_may_hold_any_name(client: httpx.AsyncClient) -> None:
    own = {"anything": {"deeper": 1}}
    answer = await client.post(
        "/v1/sessions",
        json={"id": "s", "metadata": own, "trail": [own], "external_ids": {"crm": "1"}},
    )
    part = {"type": "text", "content": "x", "confidence": 0.9}
    appended = await client.post(
        "/v1/sessions/s/messages",
        json={"messages": [{"role": "user", "parts": [part], "metadata": own}]},
    )
    assert (answer.json()["metadata"], answer.json()["trail"]) == (own, [own])
    assert (appended.json()["data"][0]["parts"], appended.json()["data"][0]["metadata"]) == (
        [part],
        own,
    )


def test_no_body_of_the_native_api_passes_over_a_field() -> None:
    seen: dict[str, bool] = {}
    for kind in (msgspec.inspect.type_info(route.body) for route in dialect.routes if route.body):
        _walk(kind, seen)
    assert len(seen) > 10
    assert [name for name, forbids in seen.items() if not forbids] == []


def _walk(kind: Any, seen: dict[str, bool]) -> None:
    if isinstance(kind, msgspec.inspect.StructType):
        seen[kind.cls.__name__] = kind.forbid_unknown_fields
        for field in kind.fields:
            _walk(field.type, seen)
    for inner in (
        *getattr(kind, "types", ()),
        *filter(None, (getattr(kind, name, None) for name in ("type", "item_type", "value_type"))),
    ):
        _walk(inner, seen)
