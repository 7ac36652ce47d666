"""`hansard workspaces` and `hansard keys`."""

from __future__ import annotations

from hansard.access import ALL_SCOPES
from hansard.access.keys import read as read_key
from tests.cli.conftest import Terminal


def test_a_workspace_is_made_once(terminal: Terminal) -> None:
    workspace = terminal.done("workspaces", "create", "acme", "--json").json
    assert workspace["name"] == "acme"
    again = terminal("workspaces", "create", "acme")
    assert (again.code, again.err) == (1, "error: there is a workspace 'acme' already\n")
    assert terminal("workspaces", "create", "/").code == 2
    assert (
        "hansard keys create --workspace 'two words'"
        in terminal.done("workspaces", "create", "two words").out
    )
    assert [row[:2] for row in terminal.done("workspaces", "list").rows] == [
        ["acme", "0"],
        ["two words", "0"],
    ]
    assert [
        item["name"] for item in terminal.done("workspaces", "list", "--json").json["data"]
    ] == [
        "acme",
        "two words",
    ]


def test_a_key_is_printed_once_and_listed_without_its_text(filled: Terminal) -> None:
    printed = filled.done(
        "keys",
        "create",
        "--name",
        "reports",
        "--scopes",
        "sessions:read, export",
        "--expires-in",
        "90d",
    )
    text = printed.out.strip()
    assert read_key(text)
    assert "only time" in printed.err
    (row,) = filled.done("keys", "list").rows
    assert row[1:4] == ["reports", "active", "sessions:read export"]
    assert text not in filled.done("keys", "list", "--json").out
    assert filled.done("keys", "create", "--quiet").err == ""


def test_a_name_without_its_option_is_told_where_it_goes(filled: Terminal) -> None:
    printed = filled("keys", "create", "night reports")
    assert printed.code == 2
    assert "to name the key, use --name 'night reports'\n" in printed.err
    assert filled.done("keys", "list").rows == []


def test_all_scopes_have_a_word_and_others_are_refused(filled: Terminal) -> None:
    assert filled.done("keys", "create", "--scopes", "all", "--json").json["scopes"] == list(
        ALL_SCOPES
    )
    printed = filled("keys", "create", "--scopes", "sessions:raed")
    assert printed.code == 2
    assert "sessions:raed" in printed.err
    assert filled("keys", "create", "--expires-in", "soon").code == 2


def test_a_key_is_rotated_and_revoked_by_its_id_or_its_text(filled: Terminal) -> None:
    old = filled.done("keys", "create", "--user", "ada", "--json").json
    new = filled.done("keys", "rotate", old["id"], "--grace", "1h", "--json").json
    assert (new["user"], new["scopes"]) == ("ada", old["scopes"])
    refused = filled("keys", "revoke", new["key"])
    assert (refused.code, "confirm with --yes" in refused.err) == (2, True)
    assert filled.done("keys", "revoke", new["key"], "--yes", "--json").json == {
        "id": new["id"],
        "revoked": True,
    }
    ends = filled.done("keys", "list").rows[0][6]
    assert filled.done("keys", "list", "--json").json["data"][0]["expires_at"] == ends != "", (
        "a key in its grace period shows when it ends"
    )
    states = {row[0]: row[2] for row in filled.done("keys", "list", "--all").rows}
    assert states == {old["id"]: "active", new["id"]: "revoked"}
    assert len(filled.done("keys", "list").rows) == 1
    for options in ((), ("--yes",)):
        missing = filled("keys", "revoke", "nothing0", *options)
        assert (missing.code, "no key 'nothing0'" in missing.err) == (3, True)
    assert filled("keys", "rotate", "nothing0").code == 3


def test_a_workspace_is_renamed_and_deleted(filled: Terminal) -> None:
    assert (
        filled.done("workspaces", "rename", "default", "acme").out
        == "Workspace 'default' is called 'acme' now.\n"
    )
    assert [row[0] for row in filled.done("workspaces", "list").rows] == ["acme"]
    assert filled("workspaces", "rename", "default", "x").code == 3
    refused = filled("workspaces", "delete", "acme")
    assert (refused.code, "with 2 sessions for ever" in refused.err) == (2, True)
    assert filled.done("workspaces", "delete", "acme", "--yes", "--json").json["sessions"] == 2
    assert filled.done("workspaces", "list").out == ""
    assert filled("workspaces", "delete", "acme", "--yes").code == 3
