"""Notes, scores, assignees, attention and end users on the page."""

from __future__ import annotations

import json
import re

from hansard.access import Principal
from hansard.service import Service
from tests.web.conftest import Reader


async def test_notes_are_written_shown_beside_their_message_and_deleted(
    reader: Reader, session: str
) -> None:
    path = f"/ui/sessions/{session}"
    done = await reader.post(f"{path}/notes", {"text": "Promised <twice>", "message": "2"})
    assert (done.status_code, done.headers["location"]) == (303, f"{path}?tab=notes")
    await reader.post(f"{path}/notes", {"text": "As a whole"})
    notes = (await reader.get(f"{path}?tab=notes")).text
    assert "Promised &lt;twice&gt;" in notes
    assert "As a whole" in notes
    assert f'href="{path}?at=2#m2"' in notes
    assert "Promised &lt;twice&gt;" in (await reader.get(path)).text
    assert 'placeholder="About message 3"' in (await reader.get(f"{path}?tab=notes&about=3")).text
    ident = re.findall(r"/notes/(note_[^/]+)/delete", notes)[0]
    assert (await reader.post(f"{path}/notes/{ident}/delete")).status_code == 303
    assert "twice" not in (await reader.get(f"{path}?tab=notes")).text
    assert (await reader.post(f"{path}/notes", {"text": " "})).status_code == 400


async def test_a_session_is_rated_by_a_button_that_shows_the_rating(
    reader: Reader, session: str, service: Service, principal: Principal
) -> None:
    path = f"/ui/sessions/{session}"

    def pressed(text: str) -> list[tuple[str, str]]:
        return re.findall(
            r'value="(\d)" class="quiet rate".*?aria-pressed="(\w+)"', text, re.DOTALL
        )

    await service.notes.score(principal, "talk", "helpful", value=1, author="somebody else")
    assert pressed((await reader.get(path)).text) == [("1", "false"), ("0", "false")]
    part = await reader.post(f"{path}/rate", {"value": "1"}, X_Fragment="pane")
    assert pressed(part.text) == [("1", "true"), ("0", "false")]
    part = await reader.post(f"{path}/rate", {"value": "0"}, X_Fragment="pane")
    assert pressed(part.text) == [("1", "false"), ("0", "true")]
    assert session not in (await reader.get("/ui/?scored=false")).text
    scores = (await reader.api("GET", "/v1/sessions/talk/scores")).json()["data"]
    assert [(score["name"], score["value"]) for score in scores] == [
        ("helpful", 1.0),
        ("helpful", 0.0),
    ]


async def test_scores_and_the_assignee_are_set_and_removed(reader: Reader, session: str) -> None:
    session_path = f"/ui/sessions/{session}"
    for value in ("0.4", "rude"):
        await reader.post(f"{session_path}/scores", {"name": f"tone-{value}", "value": value})
    scores = (await reader.api("GET", "/v1/sessions/talk/scores")).json()["data"]
    assert [(score["value"], score["label"]) for score in scores] == [(0.4, None), (None, "rude")]
    await reader.post(f"{session_path}/scores/{scores[0]['id']}/delete")
    page = (await reader.get(f"{session_path}?tab=notes")).text
    assert ("tone-rude" in page, "tone-0.4" in page) == (True, False)
    await reader.post(f"{session_path}/assignee", {"assignee": "grace"})
    assert "assigned to grace" in (await reader.get(session_path)).text
    assert "@grace" in (await reader.get("/ui/?assignee=grace")).text
    await reader.post(f"{session_path}/assignee", {"assignee": ""})
    assert (await reader.api("GET", "/v1/sessions/talk")).json()["assignee"] is None


async def test_attention_lists_what_needs_it_with_the_way_to_all_of_it(
    reader: Reader, session: str
) -> None:
    page = (await reader.get("/ui/attention")).text
    assert 'id="failed"' in page
    assert f'href="/ui/sessions/{session}?' in page
    assert 'id="waiting"' not in page
    for name in ("talk", "branch"):
        await reader.api("POST", f"/v1/sessions/{name}/archive")
    assert "Nothing needs attention" in (await reader.get("/ui/attention")).text


async def test_a_users_page_sums_up_and_erases_with_a_receipt(reader: Reader, session: str) -> None:
    page = (await reader.get("/ui/users/ann")).text
    assert "2 sessions" in page
    assert 'href="/ui/?user=ann&amp;archived=any"' in page
    wrong = await reader.post("/ui/users/ann/erase", {"typed": "Ann"})
    assert wrong.status_code == 400
    assert (await reader.api("GET", "/v1/sessions/talk")).status_code == 200
    done = await reader.post("/ui/users/ann/erase", {"typed": "ann"})
    assert done.status_code == 200
    shown = re.search(r'<pre id="receipt"[^>]*>(.*?)</pre>', done.text, re.DOTALL)
    assert shown is not None
    receipt = json.loads(shown[1].replace("&#34;", '"'))
    assert receipt["counts"]["sessions"] == 2
    kept = (await reader.api("GET", f"/v1/erasures/{receipt['id']}")).json()
    assert (kept["signed"], kept["signature"]) == (True, receipt["signature"])
    assert (await reader.api("GET", "/v1/sessions/talk")).status_code == 404
    assert "No session names this user" in (await reader.get("/ui/users/ann")).text


async def test_a_note_is_about_no_message_that_cannot_be(reader: Reader, session: str) -> None:
    path = f"/ui/sessions/{session}?tab=notes"
    for about in ("9" * 5000, "9" * 16, "x", "\u0663", ""):
        answer = await reader.get(f"{path}&about={about}")
        assert (answer.status_code, "About message" in answer.text) == (200, False)
