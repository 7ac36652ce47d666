"""Who may come in: a key once, a cookie after that, and no form from elsewhere."""

from __future__ import annotations

import asyncio
from html import unescape
from urllib.parse import quote, unquote

import pytest

from hansard.access import Principal
from hansard.errors import Unauthenticated
from hansard.model import SessionDraft
from hansard.service import Service
from tests.web.conftest import Reader


async def test_without_a_sign_in_every_screen_leads_to_it(stranger: Reader) -> None:
    for path in ("/ui/", "/ui/insights", "/ui/keys", "/ui/settings", "/ui/sessions/x"):
        answer = await stranger.get(path)
        location = f"/ui/sign-in?next={path}"
        assert (answer.status_code, answer.headers["location"]) == (303, location)
    assert (await stranger.get("/ui/nowhere")).status_code == 404


async def test_a_sign_in_ends_with_its_key_and_with_signing_out(
    reader: Reader, service: Service, principal: Principal
) -> None:
    assert (await reader.get("/ui/")).status_code == 200
    cookie = reader.client.cookies["hansard"]
    assert (await reader.post("/ui/sign-out")).status_code == 303
    reader.client.cookies.set("hansard", cookie)
    assert (await reader.get("/ui/")).status_code == 303
    await reader.sign_in()
    for key in await service.keys.list(principal):
        await service.keys.revoke(principal, key.id)
    assert (await reader.get("/ui/")).status_code == 303


async def test_the_stream_of_a_page_ends_with_its_sign_in(
    reader: Reader, service: Service, principal: Principal
) -> None:
    stream = asyncio.create_task(reader.get("/ui/events"))
    while not service.events.followers:  # noqa: ASYNC110 - it follows when it has begun
        await asyncio.sleep(0.01)
    assert (await reader.post("/ui/sign-out")).status_code == 303
    await service.sessions.start(principal, SessionDraft(id="later"))
    received = (await asyncio.wait_for(stream, 10)).text
    assert "event: hello" in received
    assert "session.created" not in received


async def test_a_wrong_key_is_refused_and_named(stranger: Reader) -> None:
    answer = await stranger.sign_in("hsd_nonsense")
    assert answer.status_code == 401
    assert "key is not valid" in answer.text


async def test_the_api_takes_no_cookie_and_the_page_no_key(reader: Reader) -> None:
    assert (await reader.get("/v1/sessions")).status_code == 401
    reader.client.cookies.clear()
    assert (await reader.get("/ui/", Authorization=f"Bearer {reader.key}")).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Sec_Fetch_Site": "cross-site"}, {"Origin": "null"}],
)
async def test_a_form_from_elsewhere_is_refused(reader: Reader, headers: dict[str, str]) -> None:
    assert (
        await reader.post("/ui/views", {"name": "x", "query": ""}, **headers)
    ).status_code == 403
    assert (await reader.post("/ui/sign-in", {"key": reader.key}, **headers)).status_code == 403


async def test_a_form_needs_the_token_of_its_sign_in(reader: Reader) -> None:
    assert (await reader.client.post("/ui/views", data={"name": "x"})).status_code == 403
    assert (
        await reader.client.post("/ui/views", data={"name": "x", "csrf": "0" * 48})
    ).status_code == 403
    assert (
        await reader.client.post("/ui/views", data={"name": "x", "csrf": "ü"})
    ).status_code == 403
    assert (
        await reader.client.post(
            "/ui/views", content=b"\xff", headers={"X-CSRF-Token": reader.token}
        )
    ).status_code == 400


async def test_an_address_survives_signing_in(stranger: Reader) -> None:
    """The message, which stands behind the # that no server sees, is that of the query's at."""
    answer = await stranger.get("/ui/sessions/a%20b?at=3&q=x%26y")
    location = answer.headers["location"]
    assert location == "/ui/sign-in?next=/ui/sessions/a%2520b%3Fat%3D3%26q%3Dx%2526y"
    address = "/ui/sessions/a%20b?at=3&amp;q=x%26y"
    assert f'name="next" value="{address}"' in (await stranger.get(location)).text
    wrong = await stranger.client.post(location, data={"key": "hsd_nonsense"})
    assert f'name="next" value="{address}"' in wrong.text
    done = await stranger.client.post(location, data={"key": stranger.key})
    assert done.headers["location"] == "/ui/sessions/a%20b?at=3&q=x%26y#m3"


@pytest.mark.parametrize("user", ["https://idp/u/1", "a//b", "a b+c", "é?x#y", "..%2F", "a;b@c"])
async def test_the_address_of_any_end_user_survives_signing_in(stranger: Reader, user: str) -> None:
    await stranger.api("POST", "/v1/sessions", json={"user": user})
    address = f"/ui/users/{quote(user, safe='')}"
    location = (await stranger.get(address)).headers["location"]
    next_path = unquote(location.removeprefix("/ui/sign-in?next="))
    assert unquote(next_path.removeprefix("/ui/users/")) == user
    done = await stranger.client.post("/ui/sign-in", data={"key": stranger.key, "next": next_path})
    shown = await stranger.get(done.headers["location"])
    assert (shown.status_code, shown.headers.get("location")) == (200, None)
    assert user in unescape(shown.text)


async def test_a_part_of_a_page_is_no_address_to_come_back_to(stranger: Reader) -> None:
    answer = await stranger.get("/ui/rows?page=2", X_Fragment="rows")
    assert answer.headers["location"] == "/ui/sign-in"
    assert (await stranger.post("/ui/theme")).headers["location"] == "/ui/"
    assert (await stranger.post("/ui/views")).headers["location"] == "/ui/sign-in"


async def test_a_form_returns_only_to_the_page(stranger: Reader) -> None:
    for back, location in (
        ("/ui/keys", "/ui/keys"),
        ("//evil.example", "/ui/"),
        ("/ui/\\evil", "/ui/"),
        ("/ui/a\tb", "/ui/"),
        ("/ui/" + "a" * 4000, "/ui/"),
        ("https://evil.example", "/ui/"),
    ):
        answer = await stranger.client.post("/ui/sign-in", data={"key": stranger.key, "next": back})
        assert answer.headers["location"] == location


async def test_the_setup_link_works_once(stranger: Reader, service: Service) -> None:
    principal = await service.keys.authenticate(stranger.key)
    token = await service.sign_ins.invite(principal)
    name = f"parliament {principal.key_id}"
    assert "Welcome" in (await stranger.get(f"/ui/setup?token={token}")).text
    taken = await stranger.post("/ui/setup", {"token": token, "name": "!!"})
    assert taken.status_code == 400
    done = await stranger.post("/ui/setup", {"token": token, "name": name})
    assert (done.status_code, done.headers["location"]) == (303, "/ui/")
    assert name in (await stranger.get("/ui/")).text
    assert (await stranger.get(f"/ui/setup?token={token}")).status_code == 404
    assert (await stranger.post("/ui/setup", {"token": token, "name": "x"})).status_code == 404
    with pytest.raises(Unauthenticated):
        await service.sign_ins.claim(token)


async def test_on_http_the_cookie_has_the_port_in_its_name(stranger: Reader) -> None:
    """Two servers on one machine share a host's cookies, and must not sign each other out."""
    for port in (8765, 8766):
        url = f"http://hansard.test:{port}"
        answer = await stranger.client.post(
            f"{url}/ui/sign-in", data={"key": stranger.key}, headers={"Origin": url}
        )
        assert answer.headers["set-cookie"].startswith(f"hansard-{port}=")
    for port in (8765, 8766):
        assert (await stranger.client.get(f"http://hansard.test:{port}/ui/")).status_code == 200


@pytest.mark.parametrize("kind", ["", "text/plain", "application/json"])
async def test_a_sign_in_is_a_form(stranger: Reader, kind: str) -> None:
    for path in ("/ui/sign-in", "/ui/setup"):
        answer = await stranger.client.post(
            path, content=f"key={stranger.key}", headers={"Content-Type": kind} if kind else {}
        )
        assert answer.status_code == 415
        assert "set-cookie" not in answer.headers


async def test_on_https_the_cookie_is_bound_to_the_host(stranger: Reader) -> None:
    answer = await stranger.client.post(
        "https://hansard.test/ui/sign-in",
        data={"key": stranger.key},
        headers={"Origin": "https://hansard.test"},
    )
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("__host-hansard=")
    assert {"httponly", "secure", "samesite=lax", "path=/"} <= {
        piece.strip() for piece in cookie.split(";")
    }


async def test_a_page_allows_itself_nothing_it_does_not_need(reader: Reader) -> None:
    headers = (await reader.get("/ui/")).headers
    assert headers["content-security-policy"].startswith(
        "default-src 'none'; script-src 'self'; style-src 'self'"
    )
    assert (
        headers["x-frame-options"],
        headers["x-content-type-options"],
        headers["cache-control"],
    ) == ("DENY", "nosniff", "no-store")


async def test_the_theme_goes_round(reader: Reader) -> None:
    for expected in ("light", "dark", "auto", "light"):
        await reader.post("/ui/theme")
        assert reader.client.cookies["theme"] == expected
