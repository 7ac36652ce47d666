"""Where PocketPaw's clients show a key, and how a browser signs in."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from hansard.dialects.pocketpaw.sign_ins import COOKIE
from hansard.service import Service
from hansard.service.sign_ins import HOUR_US
from tests.dialects.conftest import MakeKey
from tests.dialects.filling import Clock

URL = "/api/sessions"


async def test_a_key_is_taken_wherever_a_client_of_this_product_puts_it(
    anonymous: httpx.AsyncClient, make_key: MakeKey
) -> None:
    key = await make_key()
    shown: tuple[dict[str, Any], ...] = (
        {"headers": {"Authorization": f"Bearer {key}"}},
        {"headers": {"X-API-KEY": key}},
        {"params": {"token": key}},
        {"headers": {"Cookie": f"other=1; pocketpaw_session={key}"}},
    )
    for how in shown:
        assert (await anonymous.get(URL, **how)).status_code == 200, how


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"headers": {"Authorization": "Bearer hsd_wrong"}},
        {"params": {"token": "x"}},
        {"headers": {"Cookie": "pocketpaw_session=x"}},
    ],
)
async def test_no_key_and_a_wrong_one_are_401(
    anonymous: httpx.AsyncClient, how: dict[str, Any]
) -> None:
    for path in (URL, "/api/memory/session", "/api/v1/sessions"):
        answer = await anonymous.get(path, **how)
        assert (answer.status_code, answer.json()) == (401, {"detail": "Unauthorized"})


@pytest.mark.parametrize("at", ["/api/auth", "/api/v1/auth"])
async def test_signing_in_sets_a_cookie_that_opens_and_signing_out_takes_it_back(
    anonymous: httpx.AsyncClient, make_key: MakeKey, at: str
) -> None:
    answer = await anonymous.post(f"{at}/login", json={"token": f" {await make_key()} "})
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("pocketpaw_session=")
    assert cookie.endswith("; HttpOnly; Max-Age=86400; Path=/; SameSite=lax")
    assert (await anonymous.get(URL)).status_code == 200
    assert (await anonymous.post(f"{at}/logout")).json() == {"ok": True}
    assert (await anonymous.get(URL)).status_code == 401


@pytest.mark.parametrize(
    "origin_headers",
    [
        {"Origin": "http://hansard.test:3000"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_a_cookie_proves_nothing_to_pages_of_other_origins(
    anonymous: httpx.AsyncClient, make_key: MakeKey, origin_headers: dict[str, str]
) -> None:
    """A browser sends the cookie with requests of pages on other ports of this host.

    SameSite does not prevent that.
    """
    key = await make_key()
    cookie = {"Cookie": f"pocketpaw_session={key}"}
    created = (
        await anonymous.post(
            "/api/v1/sessions",
            headers=cookie | {"Origin": "http://hansard.test", "Sec-Fetch-Site": "same-origin"},
        )
    ).json()
    answer = await anonymous.delete(
        f"/api/sessions/{created['id']}", headers=cookie | origin_headers
    )
    assert (answer.status_code, answer.json()) == (
        403,
        {"detail": "this request was sent from a page of another origin: show the key itself"},
    )
    assert (await anonymous.get(URL, headers=cookie | origin_headers)).status_code == 403
    assert (
        await anonymous.get(URL, headers={"Authorization": f"Bearer {key}"} | origin_headers)
    ).status_code == 200


async def test_behind_https_the_cookie_is_for_https_alone(
    anonymous: httpx.AsyncClient, make_key: MakeKey
) -> None:
    answer = await anonymous.post(
        "/api/auth/login", json={"token": await make_key()}, headers={"X-Forwarded-Proto": "https"}
    )
    assert answer.headers["set-cookie"].endswith("; Secure")


@pytest.mark.parametrize("body", [{}, {"token": "hsd_wrong"}, {"token": None}, {"token": 5}])
async def test_a_wrong_key_does_not_sign_in(
    anonymous: httpx.AsyncClient, body: dict[str, object]
) -> None:
    answer = await anonymous.post("/api/auth/login", json=body)
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid access token"})
    assert "set-cookie" not in answer.headers


async def test_a_sign_in_that_is_no_json_is_400(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.post(
        "/api/auth/login", content=b"token=x", headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()) == (400, {"detail": "Invalid JSON body"})


async def test_the_cookie_is_a_sign_in_and_never_the_key(
    anonymous: httpx.AsyncClient, make_key: MakeKey
) -> None:
    """Every port of the host receives it, and there it opens this API alone, for a day."""
    key = await make_key()
    await anonymous.post("/api/auth/login", json={"token": key})
    token = anonymous.cookies[COOKIE]
    assert key not in token
    assert key.rpartition("_")[2] not in token
    anonymous.cookies.clear()
    for path in ("/v1/sessions", "/api/v0/sessions", "/ai-sessions"):
        for headers in ({"Authorization": f"Bearer {token}"}, {"Cookie": f"{COOKIE}={token}"}):
            assert (await anonymous.get(path, headers=headers)).status_code == 401, path
    page = await anonymous.get("/ui/", headers={"Cookie": f"hansard={token}"})
    assert (page.status_code, page.headers["location"]) == (303, "/ui/sign-in?next=/ui/")


async def test_a_sign_in_of_the_page_opens_nothing_here(
    anonymous: httpx.AsyncClient, make_key: MakeKey, clocked: Service
) -> None:
    token, _ = await clocked.sign_ins.open(await make_key())
    answer = await anonymous.get(URL, headers={"Cookie": f"{COOKIE}={token}"})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Unauthorized"})


async def test_a_sign_in_ends_with_its_key(
    anonymous: httpx.AsyncClient, make_key: MakeKey, clocked: Service
) -> None:
    key = await make_key()
    await anonymous.post("/api/auth/login", json={"token": key})
    assert (await anonymous.get(URL)).status_code == 200
    principal = await clocked.keys.authenticate(key)
    await clocked.keys.revoke(principal, principal.key_id)
    answer = await anonymous.get(URL)
    assert (answer.status_code, answer.json()) == (401, {"detail": "Unauthorized"})


async def test_signing_out_ends_the_sign_in_itself(
    anonymous: httpx.AsyncClient, make_key: MakeKey
) -> None:
    await anonymous.post("/api/auth/login", json={"token": await make_key()})
    cookie = {"Cookie": f"{COOKIE}={anonymous.cookies[COOKIE]}"}
    from_elsewhere = await anonymous.post(
        "/api/auth/logout", headers={"Origin": "http://evil.test"}
    )
    assert from_elsewhere.status_code == 403
    assert (await anonymous.get(URL, headers=cookie)).status_code == 200
    answer = await anonymous.post("/api/auth/logout")
    assert answer.headers["set-cookie"].startswith(f'{COOKIE}=""; HttpOnly; Max-Age=0; Path=/')
    assert (await anonymous.get(URL, headers=cookie)).status_code == 401


@pytest.mark.parametrize(
    "origin",
    [
        {"Origin": "http://evil.test"},
        {"Origin": "http://hansard.test:3000"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_a_page_of_another_origin_signs_nobody_in(
    anonymous: httpx.AsyncClient, make_key: MakeKey, origin: dict[str, str]
) -> None:
    """It could sign a browser in with a key of its own, and read what is written then."""
    answer = await anonymous.post(
        "/api/auth/login", json={"token": await make_key()}, headers=origin
    )
    assert (answer.status_code, answer.json()) == (
        403,
        {"detail": "this sign-in was sent from a page of another origin"},
    )
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
async def test_a_body_that_any_page_may_send_signs_nobody_in(
    anonymous: httpx.AsyncClient, make_key: MakeKey, kind: str
) -> None:
    answer = await anonymous.post(
        "/api/auth/login",
        content=json.dumps({"token": await make_key()}),
        headers={"Content-Type": kind} if kind else {},
    )
    assert answer.status_code == 415
    assert "send application/json" in answer.json()["detail"]
    assert "set-cookie" not in answer.headers


async def test_a_dashboard_that_was_opened_with_a_key_gets_a_token_to_work_with(
    anonymous: httpx.AsyncClient, make_key: MakeKey
) -> None:
    key = await make_key()
    answer = await anonymous.post("/api/auth/session", headers={"Authorization": f"Bearer {key}"})
    token = answer.json()["session_token"]
    assert answer.json() == {"session_token": token, "expires_in_hours": 24}
    assert token != key
    for how in ({"headers": {"Authorization": f"Bearer {token}"}}, {"params": {"token": token}}):
        assert (await anonymous.get(URL, **how)).status_code == 200
    for refused in (f"Bearer {token}", "Basic x"):
        answer = await anonymous.post("/api/auth/session", headers={"Authorization": refused})
        assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid access token"})


async def test_a_session_token_lasts_as_long_as_it_says(
    anonymous: httpx.AsyncClient, make_key: MakeKey, clock: Clock
) -> None:
    headers = {"Authorization": f"Bearer {await make_key()}"}
    token = (await anonymous.post("/api/auth/session", headers=headers)).json()["session_token"]
    for hours, status in ((23, 200), (24, 401)):
        clock.now += hours * HOUR_US
        assert (await anonymous.get(URL, params={"token": token})).status_code == status
        clock.now -= hours * HOUR_US
