"""What strangers write stays text.

In every field that is shown, no script runs and nothing is fetched.
"""

from __future__ import annotations

import base64
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.support.serving import Served
from tests.ui.conftest import Visitor, api

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '"><script>alert(1)</script>',
    "'><img src=http://evil.example/x onerror=alert(1)>",
    "javascript:alert(1)",
    "[click](javascript:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "![x](http://evil.example/pixel.png)",
    "<iframe src=http://evil.example></iframe>",
    "<style>@import url(http://evil.example/x.css)</style>",
    "<a href='javascript:alert(1)'>x</a>",
    "{{7*7}}{% raw %}${7*7}<%= 7*7 %>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "`</code><script>alert(1)</script>`",
    "\u202e\u0000x\u2028alert(1)//",
    "</title></textarea></select><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "https://evil.example/<script>",
]
SVG = base64.b64encode(
    b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
).decode()


@pytest.fixture(scope="module")
def poisoned(server: Served) -> list[str]:
    """Sessions with something hostile in every field."""
    names = []
    with api(server) as client:
        for number, text in enumerate(item.replace("\x00", "") for item in HOSTILE):
            fields = dict.fromkeys(
                (
                    "title",
                    "channel",
                    "app",
                    "agent",
                    "model",
                    "user",
                    "intent",
                    "sub_intent",
                    "workflow_id",
                    "workflow_name",
                ),
                text[:200],
            )
            body = fields | {
                "tags": [text[:100]],
                "trail": [text, {"intent": text}],
                "metadata": {text: text},
                "external_ids": {text: text},
            }
            answer = client.post("/v1/sessions", json=body)
            assert answer.status_code == 201, answer.text
            uid = answer.json()["uid"]
            parts = [
                {"type": "text", "content": text},
                {"type": "reasoning", "content": text},
                {"type": "tool_call", "id": "c", "name": text, "arguments": {text: text}},
                {
                    "type": "uri",
                    "uri": "http://evil.example/" + text,
                    "name": text,
                    "mime_type": text,
                    "modality": "image",
                },
                {"type": "blob", "content": SVG, "mime_type": "image/svg+xml", "modality": "image"},
                {"type": "file", "file_id": text, "name": text},
                {"type": text, "content": text},
            ]
            answers = [
                {"type": "tool_call_response", "id": "c", "name": text, "response": {"error": text}}
            ]
            messages = [
                {"role": "user", "text": text},
                {"role": "assistant", "parts": parts},
                {"role": "tool", "parts": answers},
                {"role": "system", "text": text},
            ]
            assert (
                client.post(f"/v1/sessions/{uid}/messages", json={"messages": messages}).status_code
                == 201
            )
            run = client.post(
                f"/v1/sessions/{uid}/runs", json={"id": f"run-{number}-{'<b>' * 3}"}
            ).json()["id"]
            client.post(
                f"/v1/sessions/{uid}/runs/{run}/finish", json={"state": "failed", "error": text}
            )
            client.post("/v1/views", json={"name": text[:90], "query": "state=failed&x=" + text})
            names.append(uid)
        client.post("/v1/keys", json={"name": "<script>alert(1)</script>"})
    return names


def test_nothing_runs_and_nothing_is_fetched(visitor: Visitor, poisoned: list[str]) -> None:
    page = visitor.page
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', event => console.error('CSP ' + "
        "event.violatedDirective))"
    )
    for path in (
        "/ui/",
        "/ui/?q=alert",
        "/ui/insights?by=channel",
        "/ui/insights?by=app",
        "/ui/settings",
        "/ui/keys",
        "/ui/audit",
    ):
        visitor.go(path)
        page.wait_for_timeout(60)
    for uid in poisoned:
        for tab in ("conversation", "turns", "details", "raw"):
            visitor.go(f"/ui/sessions/{uid}?tab={tab}")
            page.evaluate(
                "for (const one of document.querySelectorAll('#body details')) one.open = true"
            )
    assert visitor.seen.nothing, visitor.seen
    assert (
        page.locator(
            "#body script, #body iframe, #body style, #body img[src^=http], #body [onerror], "
            "#body [onload]"
        ).count()
        == 0
    )
    assert page.locator("a[href^='javascript:'], a[href^='data:']").count() == 0


def test_what_was_typed_into_the_address_is_text_too(visitor: Visitor) -> None:
    for text in HOSTILE:
        visitor.page.goto(
            visitor.server.url
            + "/ui/?"
            + urlencode({"q": text.replace("\x00", ""), "user": text, "tag": text})
        )
        visitor.page.wait_for_timeout(20)
    assert visitor.seen.nothing, visitor.seen


def test_a_picture_that_could_carry_a_script_is_not_served(
    visitor: Visitor, poisoned: list[str]
) -> None:
    with api(visitor.server) as client:
        message = client.get(f"/v1/sessions/{poisoned[0]}/messages").json()["data"][1]["id"]
    answer = visitor.page.request.get(
        f"{visitor.server.url}/ui/sessions/{poisoned[0]}/messages/{message}/4"
    )
    assert answer.status == 404


def test_the_api_takes_no_cookie_and_a_forged_form_is_refused(
    visitor: Visitor, poisoned: list[str]
) -> None:
    request = visitor.page.request
    assert request.get(visitor.server.url + "/v1/sessions").status == 401
    path = f"{visitor.server.url}/ui/sessions/{poisoned[0]}/resolution"
    assert request.post(path, form={"resolution": "resolved"}).status == 403
    token = visitor.page.locator("body").get_attribute("data-csrf") or ""
    elsewhere = {"Origin": "http://evil.example"}
    assert (
        request.post(path, form={"resolution": "resolved", "csrf": token}, headers=elsewhere).status
        == 403
    )
    here = {"Origin": visitor.server.url}
    forged = token[:-1] + ("1" if token.endswith("0") else "0")
    form: dict[str, str | float | bool] = {"resolution": "resolved", "csrf": forged}
    assert request.post(path, form=form, headers=here).status == 403


def test_a_message_that_cannot_be_rendered_shows_what_it_is(
    visitor: Visitor, poisoned: list[str]
) -> None:
    page = visitor.go(f"/ui/sessions/{poisoned[0]}")
    expect(
        page.locator(".call summary code", has_text="<script>alert(1)</script>").first
    ).to_be_visible()
