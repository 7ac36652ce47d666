"""Attacks with what is sent.

Texts, cursors, keys, methods and bodies that nobody sends in good faith.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import get_type_hints
from urllib.parse import urlencode

import httpx
import msgspec

from hansard.http.route import Dialect, Route
from tests.attack.target import (
    MARK,
    SESSION_IDS,
    STREAMS,
    Result,
    Target,
    body_of,
    is_failure,
    without,
)

TOO_LONG = 5.0
HOSTILE = (
    "'", '"', "';drop table sessions;--", "' or '1'='1", "1; select pg_sleep(9)", "%", "_",
    "%%%%%%%%", "\\", "\\'", "*", "a*", "(", ")", '"unbalanced', "NEAR(a b)", "a AND", "NOT",
    "OR OR", "-", "--", "/*", "^", ":*", "|", "&", "!", "<->", "title:x", "\u202eevil", "\u0000",
    "\ufeff", "{{7*7}}", "${7*7}", "<script>alert(1)</script>", "../../etc/passwd", "x" * 257,
    "\U0001f600" * 200,
)  # fmt: skip
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "FOO")


def _texts(params: type[msgspec.Struct]) -> list[str]:
    """The names of the parameters that take free text."""
    hints = get_type_hints(params)
    return [
        field.encode_name
        for field in msgspec.structs.fields(params)
        if "str" in str(hints.get(field.name, field.type))
    ]


async def hostile_strings(target: Target, strings: Sequence[str] = HOSTILE) -> Result:
    """No text in any parameter breaks a statement, shows a foreign row or takes long."""
    result = Result("hostile strings")
    slowest = 0.0
    for dialect, route in target.private():
        if (
            route.method != "GET"
            or route.media_type == STREAMS
            or route.scope in {"workspaces:admin", "export"}
        ):
            continue
        names = _texts(route.params) if route.params is not None else []
        path = target.path(route, **dict.fromkeys(SESSION_IDS, "own"))
        for text in strings:
            for name in names:
                slowest = max(
                    slowest, await _hostile(target, result, dialect, route, path, {name: text})
                )
            for parameter in target.parameters(route):
                quoted = (
                    httpx.QueryParams({"x": text.replace("/", "_")})
                    .__str__()[2:]
                    .replace("+", "%20")
                )
                slowest = max(
                    slowest,
                    await _hostile(
                        target,
                        result,
                        dialect,
                        route,
                        target.path(route, **{parameter: quoted or "_"}),
                        {},
                    ),
                )
        for name in names[:4] if strings is HOSTILE else names[:1]:
            slowest = max(
                slowest,
                await _hostile(target, result, dialect, route, path, {name: "x" * 1_000_000}),
            )
    result.name += f" (slowest {slowest * 1000:.0f} ms)"
    return result


async def _hostile(
    target: Target, result: Result, dialect: Dialect, route: Route, path: str, query: dict[str, str]
) -> float:
    began = time.perf_counter()
    try:
        answer = await target.send(dialect, route, path, params=query or None)
    except httpx.InvalidURL:
        return 0.0
    took = time.perf_counter() - began
    result.count += 1
    what = f"{route.method} {path[:80]} {str(query)[:80]}"
    if is_failure(answer):
        result.findings.append(f"{what}: {answer.status_code} {answer.text[:120]}")
    if MARK in without(answer.text, target.ids):
        result.findings.append(f"{what}: shows the victim's data")
    if took > TOO_LONG:
        result.findings.append(f"{what}: took {took:.1f} s")
    return took


async def cursors(target: Target) -> Result:
    """A cursor that this list did not give to this workspace is refused."""
    result = Result("cursors")
    for number in range(4):
        for caller in (target.caller, target.victim_caller):
            headers = caller.headers(target.app.dialects[0])
            await target.client.post("/v1/sessions", json={"id": f"page-{number}"}, headers=headers)
            await target.client.post(
                "/v1/sessions/page-0/messages",
                json={"messages": [{"role": "user", "text": f"word {number}"}]},
                headers=headers,
            )
    for dialect, route in target.private():
        fields = (
            {field.encode_name for field in msgspec.structs.fields(route.params)}
            if route.params is not None
            else set()
        )
        if "cursor" not in fields or dialect.name == "web":
            continue
        path = target.path(route, session_id="page-0")
        base = {"limit": "1"} | ({"q": "word"} if "q" in fields else {})
        good = (await target.send(dialect, route, path, params=base)).json().get("next_cursor")
        foreign = (
            (await target.send(dialect, route, path, target.victim_caller, params=base))
            .json()
            .get("next_cursor")
        )
        if not good:
            continue
        flipped = [
            good[:index] + ("A" if good[index] != "A" else "B") + good[index + 1 :]
            for index in range(len(good))
        ]
        bad = [
            cursor
            for cursor in (
                foreign,
                *flipped,
                good + "A",
                good[:-1],
                "",
                "AAAA",
                "e30",
                "\x00",
                "9" * 400,
            )
            if cursor is not None
        ]
        for cursor in bad:
            answer = await target.send(dialect, route, path, params=base | {"cursor": cursor})
            result.count += 1
            if answer.status_code != 400:
                result.findings.append(
                    f"{route.method} {route.path} takes the cursor {cursor[:40]!r} (good: "
                    f"{good[:40]!r}): {answer.status_code}"
                )
        other = await target.send(dialect, route, path, params=base | {"cursor": good})
        result.count += 1
        if other.status_code != 200:
            result.findings.append(
                f"{route.method} {route.path} refuses its own cursor: {other.status_code}"
            )
    return result


async def idempotency(target: Target) -> Result:
    """A key of an answer gives that answer to the same request of the same caller alone."""
    result = Result("idempotency")
    native = target.app.dialects[0]
    posts = [
        (route, target.path(route, session_id="own", run_id="r"))
        for dialect, route in target.private()
        if dialect is native and route.method == "POST"
    ]
    for number, (route, path) in enumerate(posts):
        if route.scope == "workspaces:admin" or route.raw_body:
            continue
        key = {"Idempotency-Key": f"attack-{number}"}
        first = await target.send(native, route, path, json=body_of(route), headers=key)
        victims = await target.send(
            native, route, path, target.victim_caller, json=body_of(route), headers=key
        )
        changed = await target.send(
            native, route, path, json=body_of(route) | {"metadata": {"other": number}}, headers=key
        )
        result.count += 3
        if "idempotent-replayed" in victims.headers:
            result.findings.append(f"{route.path}: another workspace gets the answer")
        if first.status_code < 300 and "idempotent-replayed" in changed.headers:
            result.findings.append(f"{route.path}: another body gets the answer")
    answers = await asyncio.gather(
        *(
            target.send(
                native,
                posts[0][0],
                "/v1/sessions",
                json={"title": "fifty"},
                headers={"Idempotency-Key": "fifty"},
            )
            for _ in range(50)
        )
    )
    result.count += 50
    uids = {answer.json().get("uid") for answer in answers if answer.status_code in {200, 201}}
    if len(uids) != 1 or {answer.status_code for answer in answers} - {201, 409}:
        result.findings.append(
            f"50 at once made {len(uids)} sessions: "
            f"{Counter(answer.status_code for answer in answers)}"
        )
    for bad in ("x" * 256, "\x7f", "é" * 300):
        answer = await target.send(
            native,
            posts[0][0],
            "/v1/sessions",
            json={},
            headers={"Idempotency-Key": bad.encode("latin-1")},
        )
        result.count += 1
        if answer.status_code != 400:
            result.findings.append(
                f"the Idempotency-Key {bad[:5]!r}… is taken: {answer.status_code}"
            )
    return result


async def methods(target: Target) -> Result:
    """Every path answers every method with what it declares, or with 405 and what it allows."""
    result = Result("methods")
    by_path: dict[str, tuple[Dialect, set[str]]] = {}
    for dialect, route in target.routes():
        path = target.path(route, **{name: f"absent-{name}" for name in target.parameters(route)})
        by_path.setdefault(path, (dialect, set()))[1].add(route.method)
    for number, (path, (dialect, declared)) in enumerate(by_path.items()):
        for method in target.some(number, METHODS):
            if method in declared or (method == "HEAD" and "GET" in declared):
                continue
            answer = await target.client.request(
                method, path, headers=target.caller.headers(dialect)
            )
            result.count += 1
            if answer.status_code not in {404, 405}:
                result.findings.append(f"{method} {path}: {answer.status_code}")
            elif answer.status_code == 405 and set(answer.headers.get("allow", "").split(", ")) & {
                method
            }:
                result.findings.append(f"{method} {path}: not allowed, and allowed")
    return result


def _hostile_bodies() -> Iterator[tuple[str, bytes, dict[str, str]]]:
    yield "no JSON", b"{", {}
    yield "a list", b"[]", {}
    yield "a number", b"7", {}
    yield "null", b"null", {}
    yield "a string", b'"x"', {}
    yield (
        "NaN",
        b'{"metadata":{"a":NaN},"messages":[{"role":"user","text":"x","metadata":{"a":NaN}}]}',
        {},
    )
    yield "infinity", b'{"metadata":{"a":1e999}}', {}
    yield (
        "duplicate names",
        b'{"title":"a","title":"b","metadata":{"a":1,"a":2},"name":"x","name":"y"}',
        {},
    )
    yield (
        "a duplicate below",
        b'{"messages":[{"role":"user","parts":[{"type":"text","content":"a","content":"b"}]}],"metadata":{"b":{"a":1,"a":2}}}',
        {},
    )
    yield "depth 65", b'{"metadata":' + b'{"a":' * 65 + b"1" + b"}" * 66, {}
    yield "depth 100,000", b"[" * 100_000, {}
    yield "depth 100,000 closed", b'{"metadata":' + b"[" * 100_000 + b"]" * 100_000 + b"}", {}
    yield (
        "half a surrogate",
        b'{"title":"\\ud800","metadata":{"a":"\\udfff"},"name":"\\ud800","messages":[{"role":"user","text":"\\ud800"}]}',
        {},
    )
    yield "bad UTF-8", b'{"title":"\xff\xfe","name":"\xff"}', {}
    yield "UTF-16", '{"title":"x"}'.encode("utf-16"), {}
    yield "a byte order mark", b"\xef\xbb\xbf{}", {}
    yield "NUL bytes", b"\x00" * 100, {}
    yield "gzip", b"\x1f\x8b\x08\x00" + b"\x00" * 50, {"content-encoding": "gzip"}
    yield "a form", b"title=x", {"content-type": "application/x-www-form-urlencoded"}
    yield "multipart", b"--x", {"content-type": "multipart/form-data; boundary=x"}
    yield "XML", b"<a/>", {"content-type": "application/xml"}
    yield "text", b"{}", {"content-type": "text/plain"}
    yield "9 MiB", b'{"title":"' + b"x" * (9 << 20) + b'"}', {}
    yield (
        "a huge number",
        b'{"limit":' + b"9" * 4000 + b',"metadata":{"a":' + b"9" * 4000 + b"}}",
        {},
    )
    yield (
        "101 messages",
        json.dumps({"messages": [{"role": "user", "text": "x"}] * 101}).encode(),
        {},
    )


async def bodies(target: Target) -> Result:
    """No body breaks a route, and none of these is stored."""
    result = Result("bodies")
    before = await target.snapshot(target.attacker), await target.snapshot(target.victim)
    must_fail = {
        "no JSON", "a list", "a number", "a string", "duplicate names", "a duplicate below",
        "depth 65", "depth 100,000", "depth 100,000 closed", "half a surrogate", "bad UTF-8",
        "UTF-16", "NUL bytes", "gzip", "a form", "multipart", "XML", "text", "9 MiB", "NaN",
    }  # fmt: skip
    cases = list(_hostile_bodies())
    for number, (dialect, route) in enumerate(target.private()):
        if route.body is None or route.scope == "workspaces:admin" or dialect.name == "web":
            continue
        for name, data, headers in target.some(number, cases):
            own = dict.fromkeys(SESSION_IDS, "own" if name in must_fail else "absent")
            answer = await target.send(
                dialect,
                route,
                target.path(route, **own),
                content=data,
                headers={"content-type": "application/json"} | headers,
            )
            result.count += 1
            if is_failure(answer) or (
                name in must_fail and answer.status_code not in {400, 413, 415, 422}
            ):
                result.findings.append(
                    f"{route.method} {route.path} with {name}: {answer.status_code} "
                    f"{answer.text[:80]}"
                )
    after = await target.snapshot(target.attacker), await target.snapshot(target.victim)
    grown = [
        name
        for name, old, new in zip(("attacker", "victim"), before, after, strict=True)
        if new.count("depth") != old.count("depth") or new.count("NaN") != old.count("NaN")
    ]
    if grown or after[1] != before[1]:
        result.findings.append("something of these bodies was stored")
    return result


FIELDS = (
    "action", "value", "ids", "id", "all", "title", "tags", "tag", "resolution", "name", "query",
    "expires", "expires_in", "days", "scopes", "scope", "key", "sharing", "kind", "rule", "back",
    "next", "settings", "file", "format", "theme", "grace", "user", "app",
)  # fmt: skip
FIELD_VALUES = ("", "\x00{", '{"query": 5}', "[1]", "9" * 30, "\u202e'\"<script>")


async def forms(target: Target) -> Result:
    """No form of the page breaks it, whatever its fields hold."""
    result = Result("forms")
    before = await target.snapshot(target.victim)
    for number, (dialect, route) in enumerate(target.routes()):
        if dialect.name != "web" or not route.raw_body:
            continue
        own = dict.fromkeys(target.parameters(route), "own")
        for value in target.some(number, FIELD_VALUES):
            bodies = [urlencode({field: value}) for field in FIELDS] + [
                urlencode(dict.fromkeys(FIELDS, value))
            ]
            for body in (*bodies, "%ff%fe=%zz&&=&=="):
                headers = {"content-type": "application/x-www-form-urlencoded"}
                answer = await target.send(
                    dialect,
                    route,
                    target.path(route, **own),
                    content=body.encode(),
                    headers=headers,
                )
                result.count += 1
                if is_failure(answer):
                    result.findings.append(
                        f"{route.method} {route.path} with {body[:60]!r}: {answer.status_code}"
                    )
                    break
        fresh = await target.service.sign_ins.open(target.caller.key)
        target.caller.token, target.caller.proof = fresh[0], target.service.sign_ins.proof(fresh[0])
    if await target.snapshot(target.victim) != before:
        result.findings.append("the victim's workspace was changed")
    return result
