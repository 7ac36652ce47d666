"""What the command line does to single sessions, which the beginning of an id names."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from hansard.app import opened
from hansard.model import SessionPatch
from hansard.settings import Settings
from tests.cli.conftest import Terminal
from tests.cli.test_tables import on_terminal

UUID = "0190163d-8694-739b-aea5-966c26f8ad91"


def test_a_note_is_written_and_listed(filled: Terminal) -> None:
    written = filled.done(
        "sessions", "note", "one", "Promised twice", "--message", "2", "--json"
    ).json
    assert (written["text"], written["seq"]) == ("Promised twice", 2)
    rows = filled.done("sessions", "note", "one").rows
    assert [(row[0], row[1], row[4]) for row in rows] == [(written["id"], "2", "Promised twice")]
    listed = filled.done("sessions", "note", "one", "--json").json
    assert [note["id"] for note in listed["data"]] == [written["id"]]
    assert filled("sessions", "note", "one", "x", "--message", "9").code == 3


def test_a_score_is_a_number_or_a_label(filled: Terminal) -> None:
    output = filled.done("sessions", "rate", "one", "helpful", "1").out
    assert output == "one is scored helpful: 1.\n"
    filled.done("sessions", "rate", "one", "tone", "rude", "--author", "judge", "--comment", "why")
    rows = filled.done("sessions", "rate", "one").rows
    assert [(row[0], row[1], row[5]) for row in rows] == [
        ("helpful", "1", ""),
        ("tone", "rude", "why"),
    ]
    values = [
        score["value"] for score in filled.done("sessions", "rate", "one", "--json").json["data"]
    ]
    assert values == [1.0, None]
    assert filled("sessions", "rate", "one", "helpful").code == 2
    assert [row[0] for row in filled.done("sessions", "list", "--score", "tone").rows] == ["one"]


def test_a_session_is_assigned_tagged_and_archived(filled: Terminal) -> None:
    assert filled.done("sessions", "assign", "one", "grace").out == "one is assigned to grace.\n"
    assert [row[0] for row in filled.done("sessions", "list", "--assignee", "grace").rows] == [
        "one"
    ]
    assert filled.done("sessions", "assign", "one").out == "one is assigned to nobody.\n"
    assert filled.done("sessions", "tag", "one", "b", "a", "b").out == "b, a\n"
    assert filled.done("sessions", "tag", "one", "b", "--remove").out == "a\n"
    assert filled.done("sessions", "tag", "two").out == "No tags.\n"
    assert filled.done("sessions", "archive", "one", "two").out == (
        "one is archived.\ntwo is archived.\n"
    )
    restored = filled.done("sessions", "archive", "one", "--restore", "--json").json["data"]
    assert restored[0]["archived_at"] is None


def test_a_fork_is_made_and_compared(filled: Terminal) -> None:
    assert filled.done("sessions", "fork", "one", "--until", "1", "--id", "twig").out == "twig\n"
    output = filled.done("sessions", "diff", "twig").out
    assert output.startswith(
        "1 message in both, 0 only in twig (+), 1 only in one (-)\n- assistant"
    )
    assert "-   It arrives tomorrow." in output
    document = filled.done("sessions", "diff", "one", "two", "--json").json
    assert (document["shared"], len(document["data"])) == (0, 3)
    assert filled("sessions", "diff", "one").code == 2


def test_a_share_needs_sharing_to_be_on(filled: Terminal) -> None:
    refused = filled("sessions", "share", "one")
    assert (refused.code, "sharing is off" in refused.err) == (4, True)


async def _share() -> None:
    async with opened(Settings(store="sqlite:///hansard.db")) as service:
        workspace = (await service.workspaces.list())[0]
        await service.workspaces.update(workspace.id, settings={"sharing": True})


def test_a_share_is_a_link_to_the_server_that_is_named(filled: Terminal) -> None:
    asyncio.run(_share())
    link = filled.done("sessions", "share", "one", "--for", "1h", HANSARD_URL="http://h:9/").out
    assert link.startswith("http://h:9/s/")


def test_open_prints_the_address_of_the_page(filled: Terminal) -> None:
    uid = filled.done("sessions", "show", "one", "--json").json["session"]["uid"]
    page = f"/ui/sessions/{uid.removeprefix('ses_')}\n"
    assert filled.done("sessions", "open", "one").out == f"http://127.0.0.1:8765{page}"
    named = filled.done("sessions", "open", "one", HANSARD_URL="http://h:9")
    assert named.out == f"http://h:9{page}"


def test_the_beginning_of_an_id_names_a_session(filled: Terminal) -> None:
    for name in ("order-17", "order-18"):
        filled.done("messages", "add", name, "hi", "--start")
    uid = filled.done("sessions", "show", "order-17", "--json").json["session"]["uid"]
    assert filled.done("sessions", "show", uid[:-1]).out.startswith("order-17\n")
    both = filled("sessions", "tag", "orde")
    assert (both.code, both.err) == (
        2,
        "error: 2 sessions begin with 'orde': order-17, order-18\n",
    )
    assert filled("sessions", "tag", "none-such").code == 3
    assert filled("sessions", "tag", "or").code == 3


def test_columns_are_chosen_by_the_names_of_the_api(filled: Terminal) -> None:
    filled.done("sessions", "tag", "one", "vip")
    rows = filled.done("sessions", "list", "--columns", "id,tags,resolution").rows
    assert ["one", '["vip"]', "open"] in rows
    unknown = filled("sessions", "list", "--columns", "id,usr")
    assert (unknown.code, "did you mean user?" in unknown.err) == (2, True)


async def _put_metadata() -> None:
    async with opened(Settings(store="sqlite:///hansard.db")) as service:
        principal = service.workspaces.operator((await service.workspaces.list())[0])
        patch = SessionPatch(metadata={"plan": "pro", "seats": 3, "trial": True})
        await service.sessions.update(principal, "one", patch)


def test_keys_of_the_metadata_are_columns_too(filled: Terminal) -> None:
    asyncio.run(_put_metadata())
    columns = "id,metadata.plan,metadata.seats,metadata.trial,metadata.none"
    rows = filled.done("sessions", "list", "--columns", columns).rows
    assert sorted(rows) == [["one", "pro", "3", "true", ""], ["two", "", "", "", ""]]


@pytest.mark.parametrize("columns", [80, 100])
def test_a_title_has_room_on_a_narrow_terminal(
    filled: Terminal, tmp_path: Path, columns: int
) -> None:
    for _ in range(2):
        filled.done("messages", "add", "three", "word " * 20, "--start")
    _, seen = on_terminal(tmp_path, "sessions", "list", columns=columns, NO_COLOR="1")
    heading, *rows = seen.splitlines()
    title = heading.index("title")
    after = min(heading.index(name) for name in ("messages", "resolution") if name in heading)
    assert after - title > 30
    assert "resolution" in heading
    assert all(len(line) < columns for line in (heading, *rows))


def test_no_hits_are_said_in_a_pipe_as_well(filled: Terminal) -> None:
    printed = filled("sessions", "list", "--user", "nobody")
    assert (printed.code, printed.out, printed.err) == (0, "", "No session matches.\n")


def test_a_user_is_found_and_summed_up(filled: Terminal) -> None:
    line = filled.done("export", "--title", "oslo").out
    document = json.loads(line)
    document["session"] |= {"user_id": "Ann", "own_id": "anns", "id": UUID}
    filled.done("import", "-", text=json.dumps(document).encode() + b"\n")
    assert filled.done("users", "list", "an").rows == [["Ann"]]
    assert filled.done("users", "list", "--json").json == {"data": [{"id": "Ann"}]}
    filled.done("sessions", "rate", "anns", "helpful", "1")
    out = filled.done("users", "show", "Ann").out
    assert out.startswith("Ann\n  sessions    1\n  messages    1\n")
    assert "  ratings     helpful 1 (1)\n" in out
    shown = filled.done("users", "show", "Ann", "--json").json
    assert (shown["sessions"], shown["ratings"][0]["average"]) == (1, 1.0)


def test_a_share_leaves_out_what_is_named(filled: Terminal) -> None:
    asyncio.run(_share())
    created = filled.done("sessions", "share", "one", "--hide", "user,cost", "--json").json
    assert created["hides"] == ["cost", "user"]
    refused = filled("sessions", "share", "one", "--hide", "title")
    assert (refused.code, "choose from user, model" in refused.err) == (2, True)
