"""What every client finds in its workspace.

Sessions in all states, put there through the native API.
"""

from __future__ import annotations

from typing import Any

import httpx

CALL = {"type": "tool_call", "id": "call_1", "name": "find_invoice", "arguments": {"number": 4711}}
ANSWER = {"type": "tool_call_response", "id": "call_1", "response": {"amount": 12.5}}
PREVIEW = "The invoice 4711 is wrong, can you help?"

# Short name -> what the session is; the client's own id is "clients-" and the short name.
SESSIONS: dict[str, dict[str, Any]] = {
    "invoice": {
        "title": "Invoice 4711 is wrong",
        "channel": "web",
        "app": "billing",
        "agent": "clerk",
        "model": "gpt-5",
        "user": "4915142424351",
    },
    "running": {
        "title": "deploy the site",
        "channel": "telegram",
        "workflow_id": "wf_1",
        "workflow_name": "Deployment",
    },
    "failed": {"title": "Broken backup", "channel": "api"},
    "waiting": {"title": "Approve the order", "channel": "web"},
    "silent": {"channel": "whatsapp"},
    "branch": {"title": "A side track", "channel": "web", "parent": "clients-invoice"},
    "task": {
        "title": "Nightly report",
        "kind": "task",
        "workflow_id": "wf_2",
        "trigger": "schedule",
    },
}
MESSAGES: dict[str, list[dict[str, Any]]] = {
    "invoice": [
        {"role": "user", "text": PREVIEW},
        {
            "role": "assistant",
            "parts": [CALL],
            "usage": {"input_tokens": 20, "output_tokens": 5, "cost_usd": 0.01},
        },
        {"role": "tool", "parts": [ANSWER]},
        {"role": "assistant", "text": "It says 12.50. That is right.", "run_id": "run-invoice"},
    ],
    "running": [{"role": "user", "text": "Deploy it, please"}],
    "failed": [{"role": "user", "text": "Make a backup"}],
    "waiting": [
        {"role": "user", "text": "Order ten chairs"},
        {"role": "assistant", "text": "Shall I?"},
    ],
    "branch": [{"role": "user", "text": "By the way"}],
}
STATES = {"invoice": "completed", "running": "running", "failed": "failed", "waiting": "waiting"}
OPEN = {"running", "waiting"}


def seed(url: str, key: str) -> dict[str, Any]:
    """Fill the key's workspace; the facts that a client's script may expect."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}) as api:
        times = {
            name: f"2026-01-{index:02}T10:00:00+00:00" for index, name in enumerate(SESSIONS, 1)
        }
        created = {
            name: _post(api, "/v1/sessions", id=f"clients-{name}", created_at=times[name], **about)
            for name, about in SESSIONS.items()
        }
        for name, state in STATES.items():
            _run(api, name, state)
        for name, messages in MESSAGES.items():
            _post(api, f"/v1/sessions/clients-{name}/messages", messages=messages)
    plain = [name for name in SESSIONS if name not in {"branch", "task"}]
    return {
        "uuids": {name: session["uid"].removeprefix("ses_") for name, session in created.items()},
        "created_at": times,
        "plain": plain,
        "by_title": sorted(
            (name for name in plain if "title" in SESSIONS[name]),
            key=lambda name: str(SESSIONS[name]["title"]).casefold(),
        ),
        "snippets": {
            "preview": PREVIEW,
            "session_id": "clients-invoice",
            "title": "Invoice 4711 is wrong",
        },
    }


def _run(api: httpx.Client, name: str, state: str) -> None:
    runs = f"/v1/sessions/clients-{name}/runs"
    _post(api, runs, id=f"run-{name}", state=state if state in OPEN else "running")
    if state not in OPEN:
        _post(api, f"{runs}/run-{name}/finish", state=state)


def _post(api: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    answer = api.post(path, json=body)
    if answer.is_error:
        message = f"POST {path}: {answer.status_code} {answer.text}"
        raise RuntimeError(message)
    document: dict[str, Any] = answer.json()
    return document
