"""assistant-ui's leases, and what a client reports beside its messages."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hansard.dialects.assistant_ui.refusals import routes as refusals
from hansard.service import Service
from tests.dialects.assistant_threads import THREADS, append, failed, listed, sent, thread
from tests.dialects.filling import Clock

# Leases.


async def leased(api: httpx.AsyncClient) -> tuple[str, str]:
    """The message that is being written in a new thread ``one``, and its lease."""
    await thread(api, external_id="one")
    created = await append(api, "one", external_id="m-1", open_run=True)
    assert created["heartbeat_interval_ms"] == 10_000
    return created["message_id"], created["lease_id"]


async def test_a_lease_runs_until_its_holder_ends_it(api: httpx.AsyncClient, clock: Clock) -> None:
    message, lease = await leased(api)
    again = await append(api, "one", external_id="m-1", open_run=True)
    assert again["lease_id"] == lease, "an answer that was lost"
    clock.move(7)
    (shown,) = await listed(api, "one")
    assert shown["run"] == {"status": "running", "last_heartbeat_ms_ago": 7000}
    body = {"content": {"role": "assistant", "content": []}, "lease_id": lease}
    await sent(api, "PUT", f"/one/messages/{message}", 204, json=body)
    (shown,) = await listed(api, "one")
    assert shown["run"] == {"status": "running", "last_heartbeat_ms_ago": 0}
    await sent(api, "POST", f"/one/runs/{lease}/end", 204, json={"reason": "cancelled"})
    await sent(api, "POST", f"/one/runs/{lease}/end", 204, json={"reason": "done"})
    assert (await api.get(f"/v1/sessions/one/runs/{lease}")).json()["state"] == "cancelled"
    (shown,) = await listed(api, "one")
    assert shown["run"]["status"] == "ended"
    for method, path in (
        ("POST", f"/one/runs/{lease}/heartbeat"),
        ("PUT", f"/one/messages/{message}"),
    ):
        late = await api.request(method, f"{THREADS}{path}", json=body)
        assert failed(late) == (409, "run_ended")


async def test_a_lapsed_lease_is_shown_as_quiet_and_goes_on_when_it_beats(
    api: httpx.AsyncClient, clock: Clock, clocked: Service
) -> None:
    """The cloud never expires a lease: its clients tell by the time since the last heartbeat."""
    _, lease = await leased(api)
    clock.move(90)
    await clocked.runs.reap()
    assert (await api.get(f"/v1/sessions/one/runs/{lease}")).json()["state"] == "interrupted"
    (shown,) = await listed(api, "one")
    assert shown["run"] == {"status": "running", "last_heartbeat_ms_ago": 90_000}
    beat = await sent(api, "POST", f"/one/runs/{lease}/heartbeat")
    assert beat == {"heartbeat_interval_ms": 10_000}
    (shown,) = await listed(api, "one")
    assert shown["run"]["last_heartbeat_ms_ago"] == 0


async def test_only_the_holder_writes(api: httpx.AsyncClient) -> None:
    _, lease = await leased(api)
    content = {"role": "assistant", "content": [{"type": "text", "text": "by the holder"}]}
    body = {"parent_id": None, "format": "aui/v0", "content": content, "external_id": "m-1"}
    await sent(api, "POST", "/one/messages", json=body | {"lease_id": lease})
    (shown,) = await listed(api, "one")
    assert shown["content"] == content
    other = await api.post(f"{THREADS}/one/messages", json=body | {"lease_id": "another"})
    assert failed(other) == (409, "lease_mismatch")
    absent = await api.post(f"{THREADS}/one/runs/another/heartbeat")
    assert failed(absent) == (404, "lease_not_found")


# Reports.


async def test_a_report_is_a_run_with_its_usage(api: httpx.AsyncClient) -> None:
    await thread(api, external_id="one")
    report = {
        "thread_id": "one",
        "status": "incomplete",
        "outcome_type": "length",
        "model_id": "gpt-5",
        "input_tokens": 21,
        "cached_input_tokens": 8,
        "output_tokens": 9,
        "duration_ms": 1500,
        "steps": [{"input_tokens": 21}],
    }
    answer = await api.post("/assistant-ui/v1/runs", json=report)
    ident = answer.json()["run_id"]
    run = (await api.get(f"/v1/sessions/one/runs/{ident}")).json()
    assert (run["state"], run["model"]) == ("partial", "gpt-5")
    assert run["metadata"] == {"outcome_type": "length"}
    assert run["started_at"] == "2026-03-01T11:59:58.500000Z"
    session = (await api.get("/v1/sessions/one")).json()
    assert session["input_tokens"] == 21


async def test_scores_and_feedback_are_scores_by_the_end_user(api: httpx.AsyncClient) -> None:
    await thread(api, external_id="one")
    await append(api, "one", external_id="m-1")
    api.headers.update({"Aui-User-Id": "ada"})
    score = {"name": "helpful", "data_type": "boolean", "value": True, "thread_id": "one"}
    scored = (await api.post("/assistant-ui/v1/scores", json=score)).json()
    assert (scored["value"], scored["string_value"]) == (1, None)
    for kind in ("positive", "negative"):
        feedback = {"type": kind, "comment": "Too long."}
        answer = await sent(api, "POST", "/one/messages/m-1/feedback", json=feedback)
        assert (answer["type"], answer["comment"]) == (kind, "Too long.")
    scores = (await api.get("/v1/sessions/one/scores")).json()["data"]
    assert {(each["name"], each["seq"], each["value"], each["label"]) for each in scores} == {
        ("helpful", None, 1, None),
        ("feedback", 1, -1, "negative"),
    }
    assert {each["author"] for each in scores} == {"ada"}
    nowhere = await api.post("/assistant-ui/v1/scores", json=score | {"thread_id": ""})
    assert (nowhere.status_code, nowhere.json()["param"]) == (400, "thread_id")


async def test_events_are_taken(api: httpx.AsyncClient) -> None:
    answer = await api.post("/assistant-ui/v1/events", json={"events": [{"kind": "x"}]})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("route", refusals, ids=lambda route: route.path)
async def test_what_is_not_here_is_refused_by_a_sentence(
    anonymous: httpx.AsyncClient, route: Any
) -> None:
    answer = await anonymous.request(route.method, route.path.replace("{thread_id}", "one"))
    assert failed(answer) == (501, "not_here")
    assert answer.json()["message"] == route.errors[501].partition(" ")[2].removesuffix(".")
