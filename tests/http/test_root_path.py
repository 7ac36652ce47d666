"""Behind a proxy below a path: what leaves the server names the path, whatever the proxy does."""

from __future__ import annotations

from collections.abc import AsyncIterator, MutableMapping
from importlib.resources import files
from typing import Any

import httpx
import pytest

from hansard.app import application
from hansard.errors import Invalid
from hansard.service import Service
from hansard.settings import Settings, load
from hansard.web.addresses import below

ROOT = "/hansard"
HOST = "https://example.test"


@pytest.fixture(params=[ROOT, ""], ids=["path kept", "path stripped"])
def sent(request: pytest.FixtureRequest) -> str:
    """What stands before the path of a request when it reaches the server."""
    return str(request.param)


@pytest.fixture
async def outside(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(store=service.store.url, root_path="hansard/")
    transport = httpx.ASGITransport(application(service, settings))
    async with httpx.AsyncClient(
        transport=transport, base_url=HOST, headers={"Origin": HOST}
    ) as client:
        yield client


async def test_location_errors_and_openapi_name_the_path(
    outside: httpx.AsyncClient, key: str, sent: str
) -> None:
    outside.headers["Authorization"] = f"Bearer {key}"
    body = {"id": "a:b c"}
    once = {"Idempotency-Key": "once"}
    for _ in range(2):  # the second answer is the stored one
        created = await outside.post(f"{sent}/v1/sessions", json=body, headers=once)
        assert created.headers["location"] == f"{ROOT}/v1/sessions/a%3Ab%20c"
    assert (await outside.get(f"{sent}/v1/sessions/a%3Ab%20c")).json()["id"] == "a:b c"
    error = (await outside.get(f"{sent}/v1/sessions/none")).json()
    assert error["type"] == f"{ROOT}/docs/errors#session_not_found"
    assert error["instance"] == f"{ROOT}/v1/sessions/none"
    assert f"{ROOT}/v1/nope" in (await outside.get(f"{sent}/v1/nope")).json()["detail"]
    for path in ("/openapi.json", "/openapi/athena.json"):
        document = (await outside.get(f"{sent}{path}")).json()
        assert document["servers"] == [{"url": ROOT}]
        assert not [path for path in document["paths"] if path.startswith(ROOT)]


async def test_share_links_lead_into_the_path(
    outside: httpx.AsyncClient, key: str, sent: str
) -> None:
    auth = {"Authorization": f"Bearer {key}"}
    await outside.patch(f"{sent}/v1/workspace", json={"settings": {"sharing": True}}, headers=auth)
    await outside.post(f"{sent}/v1/sessions", json={"id": "talk"}, headers=auth)
    share = await outside.post(
        f"{sent}/v1/sessions/talk/shares",
        json={"expires_at": "2027-01-01T00:00:00Z"},
        headers=auth,
    )
    path = share.json()["path"]
    assert path.startswith(f"{ROOT}/s/")
    page = await outside.get(path)
    assert page.status_code == 200
    assert f'href="{ROOT}/ui/static/' in page.text


async def test_the_page_leads_on_within_the_path(
    outside: httpx.AsyncClient, key: str, sent: str
) -> None:
    screen = await outside.get(f"{sent}/ui/insights?days=7")
    assert screen.headers["location"] == f"{ROOT}/ui/sign-in?next=/ui/insights%3Fdays%3D7"
    for following in ("/ui/insights?days=7", f"{ROOT}/ui/insights?days=7"):
        answer = await outside.post(f"{sent}/ui/sign-in", data={"key": key, "next": following})
        assert answer.headers["location"] == f"{ROOT}/ui/insights?days=7"
    for elsewhere in ("//evil.test/ui/", "/hansard//evil.test", "/hansardx/ui/"):
        answer = await outside.post(f"{sent}/ui/sign-in", data={"key": key, "next": elsewhere})
        assert answer.headers["location"] == f"{ROOT}/ui/"
    signed_in = await outside.post(f"{sent}/ui/sign-in", data={"key": key})
    cookie = signed_in.headers["set-cookie"]
    assert cookie.startswith("__Secure-hansard=")
    assert "path=/hansard/;" in cookie.lower()
    theme = await outside.post(f"{sent}/ui/theme", data={"back": f"{ROOT}/ui/keys"})
    assert "path=/hansard/;" in theme.headers["set-cookie"].lower()
    assert theme.headers["location"] == f"{ROOT}/ui/keys"
    assert (await outside.get(sent or "/")).status_code == 200
    home = await outside.get(f"{sent}/", headers={"Accept": "text/html"})
    assert home.headers["location"] == f"{ROOT}/ui/"


async def test_pocketpaws_cookie_is_sent_to_the_path_alone(
    outside: httpx.AsyncClient, key: str, sent: str
) -> None:
    answer = await outside.post(f"{sent}/api/v1/auth/login", json={"token": key})
    assert "Path=/hansard/;" in answer.headers["set-cookie"]


async def test_links_in_answers_of_mcp_lead_into_the_path(
    outside: httpx.AsyncClient, key: str, sent: str
) -> None:
    outside.headers["Authorization"] = f"Bearer {key}"
    outside.headers["Accept"] = "application/json, text/event-stream"
    outside.headers["MCP-Protocol-Version"] = "2025-06-18"
    await outside.post(f"{sent}/v1/sessions", json={"id": "talk"})
    params = {"name": "list_sessions", "arguments": {}}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    answer = await outside.post(f"{sent}/mcp", json=call)
    text = answer.json()["result"]["content"][0]["text"]
    assert f"{HOST}{ROOT}/ui/sessions/talk" in text


async def test_a_websocket_is_found_below_the_path(service: Service, sent: str) -> None:
    app = application(service, Settings(store=service.store.url, root_path=ROOT))
    codes = []
    for path in ("/ws", "/nope"):
        events: list[MutableMapping[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.connect"}

        async def send(event: MutableMapping[str, Any], events: Any = events) -> None:
            events.append(event)

        scope = {"type": "websocket", "path": sent + path, "headers": [], "query_string": b""}
        await app(scope, receive, send)
        codes.append(events[0]["code"])
    assert codes == [4401, 4404]


async def test_without_a_path_nothing_changes(service: Service) -> None:
    transport = httpx.ASGITransport(application(service, Settings(store=service.store.url)))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        assert (await client.get("/ui/")).headers["location"].startswith("/ui/sign-in")
        assert (await client.get("/openapi.json")).json()["servers"] == [{"url": "/"}]
        assert (await client.get(f"{ROOT}/ui/")).status_code == 404


def test_no_address_in_templates_and_scripts_is_left_out() -> None:
    """Whatever a browser may ask for, written anywhere in them, gets the path."""
    templates = list((files("hansard.web") / "templates").iterdir())
    scripts = [
        file for file in (files("hansard.web") / "static").iterdir() if file.name.endswith(".js")
    ]
    assert templates
    assert scripts
    for file in (*templates, *scripts):
        text = file.read_text(encoding="utf-8")
        written = sum(
            text.count(f"{sign}/{area}")
            for sign in "\"'`"
            for area in ("ui", "docs", "s/", "v1", "openapi", "favicon")
        )
        moved = below(ROOT, text)
        curl = text.count('host ~ "/v1/')
        assert moved.count(f"{ROOT}/") - moved.count(f"path={ROOT}/;") == written - curl, file.name
        for attribute in ("href", "src", "action", "formaction"):
            assert f'{attribute}="/' not in moved.replace(f'{attribute}="{ROOT}/', ""), file.name


@pytest.mark.parametrize("root", ["/v1", "/ui/", "/s/x", "/api/v1", "openapi"])
async def test_a_path_that_hansard_has_itself_is_refused(service: Service, root: str) -> None:
    with pytest.raises(Invalid, match="Hansard itself has"):
        application(service, Settings(store=service.store.url, root_path=root))


@pytest.mark.parametrize("root", ["/a b", '/"x', "/a//b", "/../x", "https://example.test/x"])
def test_what_is_no_path_is_refused(root: str) -> None:
    with pytest.raises(Invalid, match="write a path"):
        load({"root_path": root}, {})


def test_a_path_is_written_as_people_write_it() -> None:
    for text in ("hansard", "/hansard", "/hansard/"):
        assert load({}, {"HANSARD_ROOT_PATH": text}).settings.root_path == ROOT
    assert load({"root_path": "/"}, {}).settings.root_path == ""
    assert load({"root_path": "/api/hansard"}, {}).settings.root_path == "/api/hansard"
