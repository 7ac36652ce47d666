"""The commands that look after an installation.

Status, doctor, config, migrate, stats, completion, demo.
"""

from __future__ import annotations

import json
import socket
from pathlib import Path

import apsw
import pytest

from hansard.settings import NAMES, load
from tests.cli.conftest import Terminal
from tests.support.serving import serving


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def test_migrate_makes_a_store_and_says_what_it_did(terminal: Terminal, tmp_path: Path) -> None:
    missing = terminal("migrate", "--check")
    assert (missing.code, missing.out.startswith("Missing: 0001_core")) == (1, True)
    assert not list(tmp_path.rglob("*.db*"))  # a check makes nothing
    (tmp_path / "hansard.db").touch(0o600)
    assert terminal("migrate", "--check").out == missing.out
    assert (tmp_path / "hansard.db").stat().st_size <= 8192  # a header, and no table
    assert terminal.done("migrate", "--json").json["applied"][0] == "0001_core"
    assert terminal.done("migrate").out == "The store is up to date.\n"
    assert terminal.done("migrate", "--check", "--json").json["pending"] == []


def test_a_store_from_before_is_made_smaller_once(filled: Terminal, tmp_path: Path) -> None:
    file = apsw.Connection(str(tmp_path / "hansard.db"))
    file.execute("update storage_form set short = 0, first_handle = 1 << 51")
    file.close()
    result = filled.done("migrate", "--compact", "--json").json
    assert result["messages"] > 0
    assert result["bytes"] == (tmp_path / "hansard.db").stat().st_size
    report = filled.done("migrate", "--compact").out
    assert report == f"The store has {result['bytes']:,} bytes: it has the smaller form already.\n"


def test_status_says_what_is_there(filled: Terminal) -> None:
    status = filled.done("status", "--json", HANSARD_PORT=free_port()).json
    assert status["workspaces"] == [{"name": "default", "sessions": 2, "active": 0, "failed": 0}]
    assert status["server"]["answers"] is False
    shown = filled.done("status", HANSARD_PORT=free_port()).out
    assert "nothing answers" in shown
    kib = status["bytes"] / 1024
    assert f", {kib / 1024:,.1f} MiB)" in shown or f", {kib:,.0f} KiB)" in shown


def test_status_and_doctor_see_a_server(terminal: Terminal, tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        port = served.url.rpartition(":")[2]
        status = terminal.done("status", "--json", HANSARD_PORT=port).json
        assert status["server"]["version"] == "0.1.0"
        assert status["bytes"] > 100_000, "what lies in the log beside the file counts as well"
        assert (
            f"hansard 0.1.0 answers on {served.url}"
            in terminal.done("doctor", HANSARD_PORT=port).out
        )


def test_a_server_on_another_port_is_found_by_the_file_that_it_has_open(
    terminal: Terminal, tmp_path: Path
) -> None:
    with serving(tmp_path) as served:
        status = terminal.done("status", "--json", HANSARD_PORT=free_port()).json
        assert (status["server"]["answers"], status["elsewhere"]) == (
            False,
            [{"url": served.url, "version": "0.1.0"}],
        )
        port = free_port()
        line = f"\nserver   {served.url}: hansard 0.1.0 has this store in use\n\n"
        assert line in terminal.done("status", HANSARD_PORT=port).out
        doctor = terminal.done("doctor", HANSARD_PORT=port).out
        assert f"hansard 0.1.0 has this store in use on {served.url}\n" in doctor
        assert port not in doctor
        terminal.done("migrate", "--store", "sqlite:///other.db")
        assert (
            terminal.done("status", "--store", "sqlite:///other.db", "--json").json["elsewhere"]
            == []
        )


def test_doctor_finds_nothing_wrong_with_a_sound_installation(filled: Terminal) -> None:
    report = filled.done("doctor", "--json", HANSARD_PORT=free_port(), HANSARD_COLOUR="red").json
    assert report["sound"]
    assert [finding["what"] for finding in report["findings"] if finding["mark"] == "note"] == [
        "HANSARD_COLOUR is in the environment and is not a setting"
    ]
    assert filled.done("doctor", "--quiet", HANSARD_PORT=free_port()).out == ""


def test_doctor_says_how_to_mend_what_is_wrong(filled: Terminal, tmp_path: Path) -> None:
    (tmp_path / ".hansard").mkdir()
    (tmp_path / ".hansard" / "admin.key").write_text("x")
    (tmp_path / ".hansard" / "admin.key").chmod(0o644)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        printed = filled("doctor", HANSARD_PORT=str(port))
    assert printed.code == 1
    assert (
        "FAIL  .hansard/admin.key has mode 0644\n      others can read the admin key: chmod 600"
        in printed.out
    )
    assert f"FAIL  port {port} is taken by " in printed.out


def test_doctor_on_a_store_that_does_not_answer(terminal: Terminal, tmp_path: Path) -> None:
    assert (
        "there is no store hansard.db yet" in terminal.done("doctor", HANSARD_PORT=free_port()).out
    )
    (tmp_path / "hansard.db").write_bytes(b"this is no database, whatever its name may say" * 100)
    printed = terminal("doctor", HANSARD_PORT=free_port())
    assert printed.code == 1
    assert "does not open" in printed.out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("port = ", "hansard.toml is not sound TOML"),
        ("prot = 9000", "unknown setting 'prot': did you mean 'port'?"),
        ("port = 99999", "port (from hansard.toml)"),
    ],
)
def test_doctor_reports_settings_that_cannot_be_read(
    terminal: Terminal, tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "hansard.toml").write_text(text)
    printed = terminal("doctor")
    assert (printed.code, printed.err) == (1, "")
    assert "FAIL  the settings cannot be read: " in printed.out
    assert says in printed.out
    report = terminal("doctor", "--json").json
    assert (report["sound"], [finding["mark"] for finding in report["findings"]]) == (
        False,
        ["ok", "wrong"],
    )


def test_config_shows_each_value_with_its_source(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "hansard.toml").write_text("port = 9000\nhost = '0.0.0.0'\n")
    rows = {
        row[0]: row[1:]
        for row in terminal.done(
            "config", "show", "--store", "sqlite:///x.db", HANSARD_HOST="::1"
        ).rows
    }
    assert rows["store"] == ["sqlite:///x.db", "flag"]
    assert rows["host"] == ["::1", "HANSARD_HOST"]
    assert rows["port"] == ["9000", "hansard.toml"]
    assert rows["workspace"] == ["default", "default"]


def test_config_masks_secrets(terminal: Terminal) -> None:
    url = "postgresql://me:very-secret@host/db?password=also-secret&sslmode=require"
    for options in ([], ["--json"]):
        out = terminal.done("config", "show", *options, HANSARD_STORE=url).out
        assert "secret" not in out
        assert "postgresql://me:****@host/db?password=****&sslmode=require" in out


def test_config_init_writes_what_load_reads(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal("config", "path").code == 3
    terminal.done("config", "init")
    assert terminal("config", "init").code == 1
    terminal.done("config", "init", "--force")
    assert terminal.done("config", "path").out == f"{tmp_path / 'hansard.toml'}\n"
    text = (tmp_path / "hansard.toml").read_text()
    (tmp_path / "hansard.toml").write_text(
        "\n".join(
            line.removeprefix("#") if line.startswith("#") and " = " in line else line
            for line in text.splitlines()
        )
    )
    loaded = load({}, {})
    assert (
        loaded.settings
        == load({}, {}, file=tmp_path / "hansard.toml").settings
        == type(loaded.settings)()
    )
    assert set(loaded.sources.values()) == {"hansard.toml"}
    assert set(loaded.sources) == set(NAMES)


def test_stats_count_by_day_and_by_value(terminal: Terminal) -> None:
    terminal.done("demo")
    rows = terminal.done("stats", "--until", "2099-01-01", "--from", "2098-12-01").rows
    assert rows == []
    by_channel = {row[0]: int(row[1]) for row in terminal.done("stats", "--by", "channel").rows}
    assert by_channel["web"] > by_channel["wechat"] > 0
    stats = terminal.done("stats", "--json", "--channel", "web").json
    assert sum(tally["sessions"] for tally in stats["data"]) == by_channel["web"]
    assert "were resolved within" in terminal.done("stats").err
    assert terminal.done("stats", "--from", "yesterday").rows
    assert terminal("stats", "--from", "tuesday").code == 2
    assert terminal.done("stats", "--from", "7d").rows


def test_completion_scripts(terminal: Terminal) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_HANSARD_COMPLETE" in terminal.done("completion", shell).out
    assert terminal("completion", "tcsh").code == 2


def test_demo_fills_once_and_can_be_removed(terminal: Terminal) -> None:
    new = terminal.done("demo", "--json").json["new"]
    rows = terminal.done("sessions", "list", "--all", "--archived", "any").rows
    assert new == len(rows) > 100
    assert terminal.done("demo").out == "The demo's sessions are there already.\n"
    terminal.done("messages", "add", "mine", "hi", "--start")
    assert terminal("demo", "--remove").code == 2
    assert terminal.done("demo", "--remove", "--yes").out == f"{new:,} demo sessions are gone.\n"
    assert [row[0] for row in terminal.done("sessions", "list").rows] == ["mine"]


def test_a_document_is_one_json_value(filled: Terminal) -> None:
    for command in (
        ["status"],
        ["workspaces", "list"],
        ["keys", "list"],
        ["sessions", "list"],
        ["stats"],
        ["config", "show"],
        ["doctor"],
    ):
        json.loads(filled(*command, "--json", HANSARD_PORT=free_port()).out)


def test_mcp_without_a_key_says_where_one_is(terminal: Terminal) -> None:
    refused = terminal("mcp")
    assert refused.code == 2
    assert "set HANSARD_API_KEY" in refused.err
    assert "--url" in refused.err


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--check", "--compact"), "exclude each other"),
        (("--compact", "--distribute"), "exclude each other"),
        (("--shards", "4"), "--shards needs --distribute"),
    ],
)
def test_options_of_migrate_that_would_do_nothing_are_refused(
    terminal: Terminal, options: tuple[str, ...], problem: str
) -> None:
    refused = terminal("migrate", *options)
    assert refused.code == 2
    assert problem in refused.err


def test_a_store_that_is_made_smaller_names_what_was_applied(terminal: Terminal) -> None:
    document = terminal.done("migrate", "--compact", "--json").json
    assert document["applied"][0] == "0001_core"
    assert terminal.done("migrate", "--compact", "--json").json["applied"] == []
