"""The commands that keep a store sound and small.

Backup, restore, verify, audit, users, retention, secure.
"""

from __future__ import annotations

import asyncio
import json
import zipfile
from pathlib import Path

from hansard.app import opened
from hansard.model import SessionDraft
from hansard.model.times import parse
from hansard.settings import Settings
from tests.cli.conftest import Terminal
from tests.support.chains import break_chain


def test_a_backup_becomes_a_store_again(filled: Terminal, tmp_path: Path) -> None:
    result = filled.done("backup", "kept.db", "--json").json
    assert result["bytes"] == (tmp_path / "kept.db").stat().st_size
    assert filled("backup", "kept.db").code == 1
    assert filled("backup", "other.db", "--store", "sqlite:///nothing.db").code == 3
    assert filled("restore", "kept.db").code == 1
    assert filled("restore", "nothing.db", "--store", "sqlite:///new.db").code != 0
    assert filled.done("restore", "kept.db", "--store", "sqlite:///new.db").out
    verdicts = [
        filled.done("verify", "--json", "--store", f"sqlite:///{name}").json
        for name in ("hansard.db", "new.db")
    ]
    assert verdicts[0]["content_hash"] == verdicts[1]["content_hash"]
    assert verdicts[0]["sound"]


def test_an_archive_of_the_other_database_is_called_so(filled: Terminal, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "kept.zip", "w") as archive:
        archive.writestr("manifest.json", "{}")
    refused = filled("restore", "kept.zip", "--store", "sqlite:///new.db")
    assert (refused.code, "archive of a PostgreSQL store" in refused.err) == (2, True), refused
    assert not (tmp_path / "new.db").exists()


def test_verify_says_what_is_not_as_written(filled: Terminal, tmp_path: Path) -> None:
    assert filled.done("verify").out.startswith("3 messages of 2 sessions in 1 workspace, ")
    file = tmp_path / "hansard.db"
    file.write_bytes(file.read_bytes().replace(b"It arrives tomorrow.", b"It arrives whenever."))
    printed = filled("verify")
    assert printed.code == 1
    assert "seq 2" in printed.err
    result = filled("verify", "--json")
    assert (result.code, result.json["sound"]) == (1, False)


async def break_first_chain(url: str) -> None:
    """The chain of the session ``one`` begins again at its second message."""
    async with opened(Settings(store=url)) as service:
        (workspace,) = await service.workspaces.list()
        principal = service.workspaces.operator(workspace)
        session = await service.sessions.read(principal, "one")
        await break_chain(service, workspace.id, session.id, (2,))


def test_a_chain_that_began_again_is_mended_only_when_told_to(
    filled: Terminal, tmp_path: Path
) -> None:
    hash_before = filled.done("verify", "--json").json["content_hash"]
    asyncio.run(break_first_chain(f"sqlite:///{tmp_path / 'hansard.db'}"))
    assert filled("verify", "--repair-chain", "--yes", "extra").code == 2
    assert filled("verify", "--yes").code == 2
    shown = filled("verify", "--repair-chain")
    assert shown.code == 1
    assert "begins again at 2; 1 hash would be written anew" in shown.out
    assert "1 chain can be mended: add --yes to do it" in shown.out
    result = filled("verify", "--repair-chain", "--json")
    assert (result.code, result.json["sound"]) == (1, False)
    assert [finding["breaks"] for finding in result.json["repairable"]] == [[2]]

    mended = filled.done("verify", "--repair-chain", "--yes")
    assert "1 chain mended, and noted in the audit log" in mended.out
    assert "all as written" in mended.out
    assert filled.done("verify", "--json").json["content_hash"] == hash_before
    assert "chain.repaired" in filled.done("audit", "list").out
    nothing = filled.done("verify", "--repair-chain", "--yes", "--json").json
    assert (nothing["sound"], nothing["repaired"]) == (True, [])


def test_what_was_done_is_in_the_audit_log(filled: Terminal) -> None:
    filled.done("keys", "create")
    assert "key.created" in filled.done("audit", "list").out
    assert "key.created" in filled.done("audit", "list", "--json").out
    assert filled.done("audit", "verify").code == 0
    assert json.loads(filled.done("audit", "verify", "--json").out)


def test_an_end_user_is_erased_with_a_receipt(filled: Terminal) -> None:
    filled.done(
        "import",
        "-",
        text=b'{"id": "u", "user_id": "ada", "messages": [{"role": "user", "content": "hi"}]}\n',
    )
    assert filled("users", "erase", "ada").code == 2
    signed = filled.done("users", "erase", "ada", "--yes", "--json").json
    assert signed["signature"]
    (receipt,) = filled.done("users", "receipts", "ada").json["data"]
    assert receipt["signed"]
    assert "Nothing of 'ada' is in the workspace" in filled.done("users", "erase", "ada", "-y").out
    filled.done(
        "import",
        "-",
        text=b'{"id": "v", "user_id": "bob", "messages": [{"role": "user", "content": "hi"}]}\n',
    )
    assert filled.done("users", "erase", "bob", "-y").out.startswith("Erased. Receipt era_")


async def begin_in_2020(folder: Path) -> None:
    """Put a session into the store that nobody has used since, which an import would be."""
    async with opened(Settings(store=f"sqlite:///{folder / 'hansard.db'}")) as service:
        (workspace,) = await service.workspaces.list()
        draft = SessionDraft(id="old", created_at=parse("2020-01-01T00:00:00Z"))
        await service.sessions.start(service.workspaces.operator(workspace), draft)


def test_retention_is_set_shown_and_applied_after_a_question(
    filled: Terminal, tmp_path: Path
) -> None:
    assert filled.done("retention", "show").out == ""
    assert filled.done("retention", "set", "session=30", "*=90", "--json").json == {
        "rules": {"session": 30, "*": 90}
    }
    assert sorted(filled.done("retention", "show").rows) == [["*", "90"], ["session", "30"]]
    assert filled("retention", "set", "session=soon").code == 2
    assert filled.done("retention", "apply", "--json").json["data"][0]["sessions"] == 0
    asyncio.run(begin_in_2020(tmp_path))
    assert (
        sum(
            rule["sessions"]
            for rule in filled.done("retention", "apply", "--dry-run", "--json").json["data"]
        )
        == 1
    )
    refused = filled("retention", "apply")
    assert (refused.code, "Delete 1 session of" in refused.err) == (2, True)
    assert "1" in filled.done("retention", "apply", "--yes").out
    assert filled("sessions", "show", "old").code == 3


def test_rules_that_delete_or_vanish_are_set_after_a_question(
    filled: Terminal, tmp_path: Path
) -> None:
    """A rule is armed as soon as it is set, before anybody can look what it does."""
    asyncio.run(begin_in_2020(tmp_path))
    refused = filled("retention", "set", "*=90")
    assert (refused.code, "These rules delete 1 session of" in refused.err) == (2, True)
    assert filled.done("retention", "show").out == ""
    filled.done("retention", "set", "task=90")
    assert filled.done("retention", "set", "*=90", "--yes", "--json").json == {"rules": {"*": 90}}
    refused = filled("retention", "set")
    assert (refused.code, "Remove all rules (*=90)" in refused.err) == (2, True)
    assert filled.done("retention", "set", "-y", "--json").json == {"rules": {}}
    assert filled.done("retention", "set", "--json").json == {"rules": {}}


def test_only_postgres_has_roles(filled: Terminal) -> None:
    assert filled("secure", "--role", "reader").code == 2
