"""assistant-ui's callers: a server with a key, a browser with a token, and what each sees."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from hansard.access import Principal
from hansard.app import application
from hansard.http.application import Application
from hansard.service import Service
from hansard.service.user_tokens import MINUTES
from hansard.settings import Settings
from tests.dialects.assistant_threads import ADA, THREADS, append, failed, thread
from tests.dialects.filling import Clock, start

TOKENS = "/assistant-ui/v1/auth/tokens"


async def test_a_workspace_sees_its_threads_alone(api: httpx.AsyncClient) -> None:
    api.headers.update(ADA)
    await thread(api, external_id="one")
    grace = {"Aui-User-Id": "grace"}
    assert (await api.get(f"{THREADS}/one", headers=grace)).status_code == 200
    beside = {"Aui-Workspace-Id": "globex"}
    assert failed(await api.get(f"{THREADS}/one", headers=beside)) == (404, "thread_not_found")
    assert (await api.get(THREADS, headers=beside)).json() == {"threads": []}


async def test_a_narrowed_key_acts_for_nobody_else(
    api: httpx.AsyncClient, clocked: Service, principal: Principal
) -> None:
    key, _ = await clocked.keys.create(principal, "narrow", user_id="ada", app="acme")
    shown = {"Authorization": f"Bearer {key}"}
    assert (await api.get(THREADS, headers=shown | ADA)).status_code == 200
    for name in ADA:
        other = await api.get(THREADS, headers=shown | ADA | {name: "other"})
        assert failed(other) == (403, "narrowed_key")
        assert other.json()["param"] == name


async def token_of(api: httpx.AsyncClient, headers: dict[str, str] = ADA) -> str:
    answer = await api.post(TOKENS, headers=headers)
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["token"]
    return token


@pytest.fixture
async def browser(app: Application) -> AsyncIterator[httpx.AsyncClient]:
    """A client of its own, which shows a token alone."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://hansard.test"
    ) as own:
        yield own


async def test_a_browsers_token_acts_as_its_user_in_its_workspace(
    api: httpx.AsyncClient, browser: httpx.AsyncClient, clock: Clock
) -> None:
    token = await token_of(api)
    payload = token.split(".")[1]
    expires = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"]
    assert expires == clock.now // 10**6 + MINUTES * 60, "as the client reads it"
    browser.headers["Authorization"] = f"Bearer {token}"
    await thread(browser, external_id="one")
    await append(browser, "one")
    session = (await api.get("/v1/sessions/one")).json()
    assert (session["app"], session["user"]) == ("acme", "ada")
    await start(api, id="foreign", app="globex")
    assert (await browser.get(f"{THREADS}/foreign")).status_code == 404
    assert (await browser.get("/v1/sessions")).status_code == 401, "no other API takes it"
    clock.move(MINUTES * 60)
    assert failed(await browser.get(THREADS)) == (401, "token_expired")


async def test_a_token_has_no_more_rights_than_its_key(
    api: httpx.AsyncClient,
    browser: httpx.AsyncClient,
    clocked: Service,
    principal: Principal,
) -> None:
    text, key = await clocked.keys.create(principal, "reader", ["sessions:read", "export"])
    shown = ADA | {"Authorization": f"Bearer {text}"}
    token = await token_of(api, shown)
    browser.headers["Authorization"] = f"Bearer {token}"
    assert (await browser.get(THREADS)).status_code == 200
    assert failed(await browser.post(THREADS, json={})) == (403, "missing_scope")
    assert failed(await browser.post(TOKENS)) == (403, "key_needed")
    await clocked.keys.revoke(principal, key.id)
    assert (await browser.get(THREADS)).status_code == 401


async def test_a_token_that_was_altered_opens_nothing(
    api: httpx.AsyncClient, browser: httpx.AsyncClient, foreign_key: str
) -> None:
    head, payload, signature = (await token_of(api)).split(".")
    other = {"Authorization": f"Bearer {foreign_key}"}
    theirs = (await token_of(api, ADA | other)).split(".")
    for altered in (
        f"{head}.{theirs[1]}.{signature}",
        f"{head}.{payload}.{theirs[2]}",
        f"{head}.{payload}.",
        f"{head}.{payload}",
        f"{head}..{signature}",
        f"{head}.é.{signature}",
    ):
        browser.headers["Authorization"] = f"Bearer {altered}".encode().decode("latin-1")
        assert failed(await browser.get(THREADS)) == (401, "bad_token"), altered


@pytest.mark.parametrize("name", ADA)
async def test_a_token_is_for_somebody(api: httpx.AsyncClient, name: str) -> None:
    rest = {other: value for other, value in ADA.items() if other != name}
    answer = await api.post(TOKENS, headers=rest)
    assert (answer.status_code, answer.json()["param"]) == (400, name)


async def test_a_page_of_another_origin_may_send_the_clients_header(clocked: Service) -> None:
    origin = "https://app.example.com"
    app = application(clocked, Settings(store=clocked.store.url, cors_origins=origin))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://hansard.test"
    ) as page:
        answer = await page.options(
            THREADS,
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "GET",
                "Access-Control-Request-Headers": "authorization,aui-sdk,content-type",
            },
        )
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, origin)
