"""Attacks by someone who has a key of another workspace, or none."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx

from hansard.access import ALL_SCOPES
from hansard.dialects.pocketpaw.sign_ins import COOKIE
from tests.attack.narrowed import in_bodies
from tests.attack.target import (
    MARK,
    SESSION_IDS,
    STREAMS,
    Caller,
    Result,
    Target,
    body_of,
    caller_with,
    is_failure,
    without,
)


def _same(answer: httpx.Response, values: dict[str, str]) -> str:
    """An answer without what must differ: the request's id and the ids that were asked for."""
    text = without(answer.text, values)
    return re.sub(
        r"req_[0-9a-f]+|[0-9]{4}-[0-9-]+T[0-9:.]+Z|era_[0-9a-f-]+|value=\"[0-9A-Za-z_.-]{40,}\"|[0-9a-f]{32,}|[0-9]{16}",
        "-",
        f"{answer.status_code} {text}",
    )


def _absent(name: str) -> str:
    """An id of the right form that nobody has."""
    return {
        "session_id": f"absent-{uuid.uuid4().hex}",
        "asset_id": f"asset_{uuid.uuid4()}",
        "message_id": f"msg_{uuid.uuid4()}",
        "item_id": f"msg_{uuid.uuid4()}",
        "workspace_id": f"ws_{uuid.uuid4()}",
        "user_id": "user-absent",
    }.get(name, f"{name.removesuffix('_id')}_{uuid.uuid4().hex}")


async def foreign_ids(target: Target) -> Result:
    """Every route answers a victim's id as it answers an unknown id, and changes nothing."""
    result = Result("foreign ids")
    before = await target.snapshot(target.victim)
    runs_the_store = await caller_with(target, ("sessions:read",))
    for dialect, route in target.private():
        names = target.parameters(route)
        if not names or route.media_type == STREAMS or route.scope == "workspaces:admin":
            continue
        for name in names:
            foreign = {name: target.ids[name] for name in names}
            absent = foreign | {
                other: _absent(other) for other in names if other == name or other in SESSION_IDS
            }
            answers = [
                await target.send(dialect, route, target.path(route, **values))
                for values in (foreign, absent)
            ]
            result.count += 2
            if _same(answers[0], foreign) != _same(answers[1], absent):
                result.findings.append(
                    f"{route.method} {route.path} tells a foreign {name} from an absent one: "
                    f"{answers[0].status_code}, {answers[1].status_code}"
                )
            if is_failure(answers[0]):
                result.findings.append(f"{route.method} {route.path}: {answers[0].status_code}")
            if MARK in without(answers[0].text, foreign):
                result.findings.append(f"{route.method} {route.path} shows the victim's data")
        refused = await target.send(dialect, route, target.path(route), runs_the_store)
        result.count += 1
        if is_failure(refused):
            result.findings.append(f"{route.method} {route.path}: {refused.status_code}")
    if await target.snapshot(target.victim) != before:
        result.findings.append("the victim's workspace was changed")
    return result


def _bad_credentials(
    target: Target, revoked: str, expired: str
) -> Iterator[tuple[str, list[tuple[str, str]], str]]:
    """What a caller without a key might show: its name, the headers, the query."""
    key = target.caller.key
    other = key[:-1] + ("A" if key[-1] != "A" else "B")
    shown = {
        "nothing": "", "empty": "Bearer ", "garbage": "Bearer garbage", "no scheme": key, "basic": (
            f"Basic {key}"
        ), "bad checksum": f"Bearer {other}",
        "truncated": f"Bearer {key[:-4]}", "lengthened": f"Bearer {key}x", "revoked": (
            f"Bearer {revoked}"
        ), "expired": f"Bearer {expired}",
        "other secret": f"Bearer {key[:13]}{'0' * 32}{key[45:]}", "upper case": (
            f"Bearer {key.upper()}"
        ), "two in one": f"Bearer {key},{other}",
    }  # fmt: skip
    for name, text in shown.items():
        yield name, [("authorization", text)] if text else [], ""
    yield (
        "two headers",
        [
            ("authorization", f"Bearer {key}"),
            ("authorization", f"Bearer {target.victim_caller.key}"),
        ],
        "",
    )
    yield (
        "two kinds of headers",
        [("authorization", f"Bearer {key}"), ("x-api-key", target.victim_caller.key)],
        "",
    )
    yield "in the query", [], f"api_key={key}&access_token={key}&key={key}"
    yield "another cookie", [("cookie", f"hansard={key}; session={key}")], ""
    yield (
        "a forged sign-in",
        [
            ("cookie", "hansard=" + target.caller.token[:-2] + "xx"),
            ("origin", "http://hansard.test"),
        ],
        "",
    )
    token = target.caller.token
    yield "a sign-in of the page as a key", [("authorization", f"Bearer {token}")], ""
    yield "a sign-in of the page in another cookie", [("cookie", f"{COOKIE}={token}")], ""


async def credentials(target: Target) -> Result:
    """Every route refuses every caller without a good key, and says nothing about anybody."""
    result = Result("bad credentials")
    service = target.service
    revoked, key = await service.keys.create(target.attacker, "revoked", ALL_SCOPES)
    await service.keys.revoke(target.attacker, key.id)
    expired, _ = await service.keys.create(
        target.attacker, "expired", ALL_SCOPES, expires_at=service.clock() + 1000
    )
    await asyncio.sleep(0.01)
    cases = list(_bad_credentials(target, revoked, expired))
    for number, (dialect, route) in enumerate(target.private()):
        for name, headers, query in target.some(number, cases):
            path = target.path(route) + (f"?{query}" if query else "")
            answer = await target.client.request(
                route.method,
                path,
                headers=httpx.Headers(headers),
                json=body_of(route) if route.body is not None else None,
            )
            result.count += 1
            is_refused = answer.status_code == 401 or (
                dialect.name == "web"
                and answer.status_code == 303
                and answer.headers["location"].partition("?")[0] == "/ui/sign-in"
            )
            if not is_refused:
                result.findings.append(
                    f"{route.method} {route.path} with {name}: {answer.status_code}"
                )
            if answer.status_code == 401 and "www-authenticate" not in answer.headers:
                result.findings.append(
                    f"{route.method} {route.path} with {name}: no WWW-Authenticate"
                )
            if MARK in answer.text.replace(target.path(route), "") or "attacker-" in answer.text:
                result.findings.append(f"{route.method} {route.path} with {name} tells something")
    return result


async def scopes(target: Target) -> Result:
    """A key with every scope but the declared one is refused by every route."""
    result = Result("scopes")
    callers: dict[str, Caller] = {}
    for scope in ALL_SCOPES:
        others = tuple(other for other in ALL_SCOPES if other != scope)
        callers[scope] = await caller_with(target, others)
    before = await target.snapshot(target.victim)
    for dialect, route in target.private():
        if route.scope is None:
            result.findings.append(f"{route.method} {route.path} declares no scope")
            continue
        answer = await target.send(dialect, route, target.path(route), callers[route.scope])
        result.count += 1
        if answer.status_code != 403:
            result.findings.append(
                f"{route.method} {route.path} without {route.scope}: {answer.status_code}"
            )
    if await target.snapshot(target.victim) != before:
        result.findings.append("the victim's workspace was changed")
    return result


async def escalation(target: Target) -> Result:
    """A key makes no key that can do more than itself.

    It sees no more than it is narrowed to, and gives nothing away.
    """
    result = Result("escalation")
    native = target.app.dialects[0]
    admin = await caller_with(target, ("keys:admin", "sessions:read"))
    narrow_key, _ = await target.service.keys.create(
        target.attacker,
        "narrow",
        tuple(s for s in ALL_SCOPES if s != "workspaces:admin"),
        user_id="ada",
    )
    narrow = Caller(narrow_key, "", "")
    whole = (await target.service.keys.list(target.attacker))[0]
    tries: list[tuple[str, str, str, dict[str, Any] | None, Caller]] = [
        *(
            ("make", "POST", "/v1/keys", {"name": "x", "scopes": [scope]}, admin)
            for scope in ALL_SCOPES
            if scope not in {"keys:admin", "sessions:read"}
        ),
        ("rotate", "POST", f"/v1/keys/{whole.id}/rotate", {}, admin),
        (
            "widen",
            "POST",
            "/v1/keys",
            {"name": "x", "scopes": ["sessions:read"], "user": "bob"},
            narrow,
        ),
        ("rotate a wider one", "POST", f"/v1/keys/{whole.id}/rotate", {}, narrow),
        ("foreign user", "POST", "/v1/sessions", {"user": "bob"}, narrow),
        ("erase another", "DELETE", "/v1/users/bob", None, narrow),
        ("retain all", "PUT", "/v1/retention", {"rules": {"*": 1}}, narrow),
        ("apply retention", "POST", "/v1/retention/apply", {}, narrow),
        ("read the log", "GET", "/v1/audit", None, narrow),
        ("export all", "GET", "/v1/export", None, narrow),
    ]
    for name, method, path, body, caller in tries:
        answer = await target.client.request(
            method, path, headers=caller.headers(native), json=body
        )
        result.count += 1
        if answer.status_code not in {403, 404}:
            result.findings.append(f"{name}: {method} {path} {body}: {answer.status_code}")
    mine = (
        await target.client.post("/v1/sessions", json={}, headers=narrow.headers(native))
    ).json()["id"]
    for body in ({"user": "bob"}, {"user": None}):
        forged = await target.client.patch(
            f"/v1/sessions/{mine}", json=body, headers=narrow.headers(native)
        )
        result.count += 1
        if forged.status_code != 403:
            result.findings.append(
                f"a narrowed key gives its session to {body['user']}: {forged.status_code}"
            )
    for dialect, route in target.private():
        if (
            set(SESSION_IDS) & set(target.parameters(route))
            and dialect.name != "web"
            and route.media_type != STREAMS
        ):
            answer = await target.send(
                dialect,
                route,
                target.path(route, **dict.fromkeys(SESSION_IDS, "own")),
                narrow,
            )
            result.count += 1
            if (
                answer.status_code < 400
                and answer.text not in {"[]", "{}"}
                and '"messages":[]' not in answer.text.replace(" ", "")
            ):
                result.findings.append(
                    f"a key of one person reaches another's session by {route.method} "
                    f"{route.path}: {answer.status_code}"
                )
    return result


async def mass_assignment(target: Target) -> Result:
    """What a caller has no say in is not taken from a body."""
    result = Result("mass assignment")
    before, mine = await target.snapshot(target.victim), set(await target.rows(target.attacker))
    smuggled = {
        "workspace_id": target.victim.workspace_id, "workspace": target.victim.workspace_name,
            "organizationId": target.victim.workspace_id, "seq": 999_999,
        "last_seq": 999_999, "version": 999_999, "message_count": 999_999, "hash": "00",
        "created_by": MARK, "key_id": MARK, "uid": f"ses_{uuid.uuid4()}", "__proto__": {"a": 1},
    }  # fmt: skip
    for dialect, route in target.private():
        if route.body is None or route.scope == "workspaces:admin":
            continue
        own = dict.fromkeys(SESSION_IDS, "own")
        body = body_of(route) | smuggled
        if "messages" in body:
            body["messages"] = [body["messages"][0] | smuggled]
        answer = await target.send(dialect, route, target.path(route, **own), json=body)
        result.count += 1
        if is_failure(answer):
            result.findings.append(f"{route.method} {route.path}: {answer.status_code}")
        if (
            any(word in answer.text for word in ("999999", target.victim.workspace_id, MARK))
            and answer.status_code < 400
        ):
            result.findings.append(
                f"{route.method} {route.path} took a field that is not the caller's: "
                f"{answer.text[:200]}"
            )
    if await target.snapshot(target.victim) != before:
        result.findings.append("the victim's workspace was changed")
    if any(
        "999999" in row or MARK in row
        for row in await target.rows(target.attacker)
        if row not in mine
    ):
        result.findings.append("a smuggled field was stored")
    return result


async def foreign_ids_in_bodies(target: Target) -> Result:
    """An id of the victim's in a body or a query reaches nothing."""
    result = Result("foreign ids in bodies and queries")
    before = await target.snapshot(target.victim)
    await in_bodies(target, target.caller, result)
    if await target.snapshot(target.victim) != before:
        result.findings.append("the victim's workspace was changed")
    return result
