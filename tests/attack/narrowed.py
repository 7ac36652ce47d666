"""Attacks by a key that is narrowed to one end user or application."""

from __future__ import annotations

import json
from typing import Any

from tests.attack.target import (
    EVERY,
    MARK,
    STREAMS,
    Caller,
    Result,
    Target,
    caller_of,
    is_failure,
    without,
)


async def narrowed(target: Target) -> Result:
    """A key narrowed to another end user or app reaches nothing of the victim's.

    The key is of the victim's own workspace. This holds for every route, and for retries.
    """
    result = Result("narrowed keys")
    for user, app in (("stranger", None), (None, "strange")):
        narrowing = f"the user {user}" if user else f"the app {app}"
        caller = await caller_of(target.service, target.victim, EVERY, user_id=user, app=app)
        before = await target.rows(target.victim)
        await in_bodies(target, caller, result)
        for number, (dialect, route) in enumerate(target.private()):
            if (
                route.media_type == STREAMS
                or route.scope == "workspaces:admin"
                or route.path == "/ui/sign-out"
            ):
                continue
            if route.cached:
                await target.send(dialect, route, target.path(route), target.victim_caller)
            for attempt in ("first", "again"):
                headers = {"Idempotency-Key": f"narrowed-{number}-{narrowing}"}
                taken = (
                    {"json": {"id": target.ids["session_id"]}}
                    if (route.method, route.path) == ("POST", "/v1/sessions")
                    else {}
                )
                answer = await target.send(
                    dialect, route, target.path(route), caller, headers=headers, **taken
                )
                result.count += 1
                what = f"{route.method} {route.path} by a key for {narrowing}, {attempt}"
                if is_failure(answer):
                    result.findings.append(f"{what}: {answer.status_code}")
                if MARK in without(answer.text, target.ids):
                    result.findings.append(f"{what}: shows the victim's data")
        if lost := set(before) - set(await target.rows(target.victim)):
            result.findings.append(
                f"a key for {narrowing} changed what is not its own: {sorted(lost)[:3]}"
            )
    return result


async def in_bodies(target: Target, caller: Caller, result: Result) -> None:
    ids, headers = target.ids, caller.headers(target.app.dialects[0])
    session, user = ids["session_id"], ids["user_id"]
    line = {
        "id": session,
        "title": "overwritten",
        "messages": [{"role": "user", "text": "overwritten"}],
    }
    tries: list[tuple[str, str, dict[str, Any]]] = [
        *(
            (
                "POST",
                "/v1/bulk",
                {"json": {"action": action, "ids": [session, ids["asset_id"], ids["thread_id"]]}},
            )
            for action in ("archive", "resolve", "delete")
        ),
        (
            "POST",
            "/v1/bulk",
            {
                "json": {
                    "action": "tag",
                    "value": "x",
                    "filter": {"user": user},
                    "snapshot_at": "2999-01-01T00:00:00Z",
                    "expected": 1,
                }
            },
        ),
        ("POST", "/v1/sessions", {"json": {"parent": session}}),
        ("POST", "/v1/sessions", {"json": {"id": session}}),
        ("POST", "/v1/sessions", {"json": {"id": ids["asset_id"]}}),
        ("POST", "/v1/import", {"content": json.dumps(line).encode()}),
        (
            "POST",
            "/v1/ai/workflow/chat/messages",
            {"json": {"role": "user", "content": "x", "conversationId": session}},
        ),
        ("GET", "/v1/sessions", {"params": {"parent": session}}),
        ("GET", "/v1/sessions", {"params": {"user": user, "total": "true"}}),
        ("GET", "/v1/sessions", {"params": {"tag": MARK, "total": "true"}}),
        ("GET", "/v1/search", {"params": {"q": MARK}}),
        ("GET", "/v1/stats", {}),
        ("GET", "/v1/changes", {"params": {"since": "0"}}),
        ("GET", "/v1/export", {}),
        ("GET", "/v1/ai/workflow/chat/history", {"params": {"sessionId": session}}),
        ("GET", "/v1/ai/workflow/chat/history", {"params": {"conversationId": session}}),
        ("GET", "/api/memory/session", {"params": {"id": session}}),
        ("GET", "/api/memory/session/export", {"params": {"id": session}}),
        ("GET", "/api/sessions/search", {"params": {"q": MARK}}),
        ("GET", "/ai-sessions", {"params": {"messages": "true", "state": "true"}}),
        ("GET", "/api/v0/sessions", {"params": {"query": MARK, "include_sub_sessions": "true"}}),
    ]
    for method, path, more in tries:
        answer = await target.client.request(method, path, headers=headers, **more)
        result.count += 1
        what = f"{method} {path} {str(more)[:80]}"
        if is_failure(answer):
            result.findings.append(f"{what}: {answer.status_code}")
        if MARK in without(answer.text, ids).replace(MARK, "", str(more).count(MARK)):
            result.findings.append(f"{what}: shows the victim's data: {answer.text[:200]}")
