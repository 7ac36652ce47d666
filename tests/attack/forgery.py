"""Attacks by a page of another origin, whose browser sends the cookies along."""

from __future__ import annotations

from hansard.dialects.pocketpaw.sign_ins import COOKIE, PURPOSE
from hansard.http.route import Dialect
from tests.attack.target import (
    HOST,
    Result,
    Target,
    body_of,
)

FORM = "application/x-www-form-urlencoded"


async def forgery(target: Target) -> Result:
    """What the page changes is changed from its own pages alone, whatever cookie comes along."""
    result = Result("cross-origin requests")
    before = await target.snapshot(target.victim)
    good = target.victim_caller.headers(_page(target)) | {"Content-Type": FORM}
    await _keys_in_cookies(target, result)
    for dialect, route in target.routes():
        if dialect.name != "web" or route.method == "GET":
            continue
        for name, changed in (
            ("a foreign origin", {"Origin": "http://evil.test"}),
            ("no origin", {"Origin": ""}),
            ("a null origin", {"Origin": "null"}),
            ("no proof", {"X-CSRF-Token": ""}),
            ("another's proof", {"X-CSRF-Token": target.caller.proof}),
            ("a foreign site", {"Sec-Fetch-Site": "cross-site"}),
        ):
            if route.public and "proof" in name:
                continue
            headers = {key: value for key, value in (good | changed).items() if value}
            answer = await target.client.request(
                route.method, target.path(route), headers=headers, content=b""
            )
            result.count += 1
            if answer.status_code not in {400, 403, 413} and not (
                answer.status_code == 303 and route.path == "/ui/theme"
            ):
                result.findings.append(
                    f"{route.method} {route.path} with {name}: {answer.status_code}"
                )
    if await target.snapshot(target.victim) != before:
        result.findings.append("the victim's workspace was changed")
    return result


async def _keys_in_cookies(target: Target, result: Result) -> None:
    """A credential that a browser sends by itself is refused to pages of other origins."""
    token, _ = await target.service.sign_ins.open(target.victim_caller.key, PURPOSE)
    for shown in (target.victim_caller.key, token):
        await _in_a_cookie(target, {"Cookie": f"{COOKIE}={shown}"}, result)


async def _in_a_cookie(target: Target, cookie: dict[str, str], result: Result) -> None:
    for dialect, route in target.private():
        if dialect.name != "pocketpaw":
            continue
        for origin_headers in (
            {"Origin": "http://evil.test"},
            {"Origin": f"http://{HOST}:81"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            answer = await target.client.request(
                route.method,
                target.path(route),
                headers=cookie | origin_headers,
                json=body_of(route),
            )
            result.count += 1
            if answer.status_code != 403:
                result.findings.append(
                    f"{route.method} {route.path} with {origin_headers} and a cookie: "
                    f"{answer.status_code}"
                )


def _page(target: Target) -> Dialect:
    return next(dialect for dialect in target.app.dialects if dialect.name == "web")
