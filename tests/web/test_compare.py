"""A fork beside its original on the page."""

from __future__ import annotations

from tests.web.conftest import Reader


async def test_a_fork_leads_to_its_comparison_with_the_original(
    reader: Reader, session: str
) -> None:
    added = {"messages": [{"role": "user", "text": "Another way <here>"}]}
    await reader.api("POST", "/v1/sessions/branch/messages", json=added)
    branch = (await reader.api("GET", "/v1/sessions/branch")).json()["uid"].removeprefix("ses_")
    assert (
        f'href="/ui/sessions/{branch}/compare"' in (await reader.get(f"/ui/sessions/{branch}")).text
    )
    page = (await reader.get(f"/ui/sessions/{branch}/compare")).text
    assert "2 messages in both" in page
    assert "1 only in the fork" in page
    assert "3 only in the original" in page
    assert "Another way &lt;here&gt;" in page
    assert "Sorry." in page
    assert "Be kind." not in page
    same = (await reader.get(f"/ui/sessions/{branch}/compare?against=branch")).text
    assert "have the same messages" in same
    assert (await reader.get(f"/ui/sessions/{session}/compare")).status_code == 400
    assert (await reader.get(f"/ui/sessions/{branch}/compare?against=none")).status_code == 404


async def test_a_fork_begins_at_the_message_that_was_chosen(reader: Reader, session: str) -> None:
    address = f"/ui/sessions/{session}"
    assert "Fork from message 2" in (await reader.get(f"{address}?tab=notes&about=2")).text
    assert "Fork from message" not in (await reader.get(f"{address}?tab=notes")).text
    done = await reader.post(f"{address}/fork", {"message": "2"})
    fork = (await reader.api("GET", f"/v1/sessions/{done.headers['location'][13:]}")).json()
    assert (fork["message_count"], fork["parent"]) == (2, f"ses_{session}")
    assert (await reader.post(f"{address}/fork", {"message": "x"})).status_code == 400


async def test_a_row_that_no_longer_matches_is_told_to_leave(reader: Reader, session: str) -> None:
    row = f"/ui/row/{session}"
    assert 'class="row"' in (await reader.get(f"{row}?state=failed")).text
    assert 'class="row"' not in (await reader.get(f"{row}?state=running")).text
    assert 'class="row"' in (await reader.get(row)).text


async def test_the_head_leads_from_a_fork_to_its_original_and_back(
    reader: Reader, session: str
) -> None:
    fork = (
        (await reader.post(f"/ui/sessions/{session}/fork", {"message": "2"}))
        .headers["location"]
        .removeprefix("/ui/sessions/")
    )
    page = (await reader.get(f"/ui/sessions/{fork}")).text
    head, body = page.split('class="body"')
    assert "Fork at message 2 of" in head
    assert f'href="/ui/sessions/{session}?at=2#m2"' in head
    assert "above are inherited" in body
    assert "2 messages with" in (await reader.get(f"/ui/sessions/{fork}?tab=details")).text
    message = {"role": "user", "text": "Its own"}
    uid = f"/v1/sessions/ses_{fork}/messages"
    await reader.api("POST", uid, json={"messages": [message]})
    inherited, own = (await reader.get(f"/ui/sessions/{fork}")).text.split("above are inherited")
    assert ("Its own" in own, "My box was damaged" in inherited) == (True, True)
    original = (await reader.get(f"/ui/sessions/{session}")).text
    assert "Fork at message 2" in original.split('class="body"')[0]
    assert "above are inherited" not in original
