"""The server and its first lines."""

from __future__ import annotations

import os
import re
import socket
import stat
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from hansard.access.keys import read as read_key
from tests.cli.conftest import Terminal
from tests.docs.blocks import matches
from tests.support.serving import HANSARD, serving

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_first_start_says_where_to_go_and_the_second_is_two_lines(
    terminal: Terminal, tmp_path: Path
) -> None:
    with serving(tmp_path) as served:
        lines = (tmp_path / "serve.log").read_text().splitlines()
        assert re.fullmatch(
            rf"  hansard 0\.1\.0   store \./hansard\.db \(new\)   {served.url}", lines[0]
        )
        sample = re.search(
            r"^\$ make serve\n(.*?)^```", README.read_text("utf-8"), re.MULTILINE | re.DOTALL
        )
        assert sample
        in_checkout = (
            "\n".join(line for line in lines if not line.startswith("  For clients"))
            .replace(served.url, "http://127.0.0.1:8765")
            .replace("  hansard ", "  .venv/bin/hansard ")
            .replace("  .venv/bin/hansard 0.1.0", "  hansard 0.1.0")
        )
        assert matches(in_checkout, sample[1]), "README.md shows what is printed"
        banner = dict(re.findall(r"^  (\S.*?) {2,}(\S+)", "\n".join(lines[1:]), re.MULTILINE))
        assert banner["Open the page"].startswith(f"{served.url}/ui/setup?token=")
        assert banner["Admin key (once)"] == served.key
        assert f"  For clients        export HANSARD_URL={served.url}" in lines
        assert "  Nothing here yet? In another terminal:  hansard demo" in lines
        assert "  Your coding agents' own sessions:       hansard import --discover" in lines
        for where in (banner["API reference"], banner["Open the page"]):
            assert httpx.get(where).status_code == 200, where
        headers = {"Authorization": f"Bearer {served.key}"}
        answer = httpx.get(f"{served.url}/v1/workspace", headers=headers)
        assert answer.json()["name"] == "default"
        assert "server" not in answer.headers
        served.stop()
        assert served.process.returncode == 0
        served.start()
        again = (tmp_path / "serve.log").read_text().splitlines()
        assert again == [
            f"  hansard 0.1.0   store ./hansard.db   {served.url}",
            (
                f"  Open the page: {served.url}/ui/   API reference: {banner['API reference']}"
                f"   For clients: export HANSARD_URL={served.url}"
            ),
        ]


def test_a_second_server_on_one_sqlite_file_names_the_first(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        assert "is served already" not in (tmp_path / "serve.log").read_text()
        with serving(tmp_path):
            lines = (tmp_path / "serve.log").read_text()
            assert f"  ./hansard.db is served already, on {served.url}." in lines


def test_the_link_of_the_first_run_works_once_and_can_fill_the_workspace(
    terminal: Terminal, tmp_path: Path
) -> None:
    with serving(tmp_path) as served:
        link = re.search(r"http\S+/ui/setup\?token=(\S+)", (tmp_path / "serve.log").read_text())
        assert link
        form = {"token": link[1], "name": "acme", "demo": "1"}
        answer = httpx.post(
            f"{served.url}/ui/setup", data=form, headers={"Origin": served.url}, timeout=60
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/ui/")
        assert httpx.get(link[0]).status_code == 404
        until = time.monotonic() + 20
        while not (
            live := terminal.done("sessions", "list", "-w", "acme", "--tag", "live", "--json").json[
                "data"
            ]
        ):
            assert time.monotonic() < until
            time.sleep(0.2)
        assert live[0]["state"] == "running"
        assert len(terminal.done("sessions", "list", "--all").rows) > 100
    session = terminal.done("sessions", "list", "--tag", "live", "--json").json["data"][0]
    assert (session["state"], session["run_error"]) == ("cancelled", "the demo was stopped")


def test_a_store_of_ten_thousand_sessions_is_served_within_a_second_and_a_half(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [
        name
        for name in os.environ
        if name.startswith("COVERAGE") or name == "PYTHONDONTWRITEBYTECODE"
    ]:
        monkeypatch.delenv(name)
    lines = (
        b'{"id": "s%d", "messages": [{"role": "user", "content": "question %d"}]}\n'
        % (number, number)
        for number in range(10_000)
    )
    assert terminal.done("import", "-", "--json", text=b"".join(lines)).json["new"] == 10_000
    took = []
    for _ in range(3):
        began = time.perf_counter()
        with serving(tmp_path) as served:
            httpx.get(f"{served.url}/healthz").raise_for_status()
            took.append(time.perf_counter() - began)
    print(
        f"hansard serve on 10,000 sessions: ready after {min(took):.2f} s, the slowest of three "
        f"after {max(took):.2f} s"
    )
    assert min(took) < 1.5


def test_the_admin_key_is_for_the_owners_eyes(terminal: Terminal, tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        file = tmp_path / ".hansard" / "admin.key"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert read_key(served.key) is not None
        assert served.key.encode() not in (tmp_path / "hansard.db").read_bytes()


def test_a_second_store_in_the_folder_leaves_the_first_ones_key_alone(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.done("demo", "--sessions", "1")
    first = (tmp_path / ".hansard" / "admin.key").read_text()
    terminal.done("demo", "--sessions", "1", "--store", "sqlite:///other.db")
    assert (tmp_path / ".hansard" / "admin.key").read_text() == first
    assert (tmp_path / ".hansard" / "other.admin.key").read_text() != first


def test_commands_work_while_the_server_runs(terminal: Terminal, tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        workspace = terminal.done("workspaces", "create", "acme", "--json").json
        key = terminal.done(
            "keys",
            "create",
            "--workspace",
            "acme",
            "--scopes",
            "sessions:read,sessions:write",
            "--json",
        ).json
        headers = {"Authorization": f"Bearer {key['key']}"}
        assert (
            httpx.get(f"{served.url}/v1/workspace", headers=headers).json()["id"]
            == f"ws_{workspace['id']}"
        )
        httpx.post(
            f"{served.url}/v1/sessions", headers=headers, json={"id": "one"}
        ).raise_for_status()
        assert terminal.done("sessions", "list", "-w", "acme").rows[0][0] == "one"
        terminal.done("keys", "revoke", key["id"], "-w", "acme", "--yes")
        until = time.monotonic() + 2
        while httpx.get(f"{served.url}/v1/workspace", headers=headers).status_code != 401:
            assert time.monotonic() < until, "a revocation takes effect within two seconds"
            time.sleep(0.1)


def test_a_taken_port_says_by_whom_and_which_is_free(terminal: Terminal, tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        port = served.url.rpartition(":")[2]
        printed = terminal("serve", "--port", port)
        assert printed.code == 1
        match = re.fullmatch(
            rf"error: port {port} on 127\.0\.0\.1 is taken by another hansard 0\.1\.0 \(.+, "
            rf"process {served.process.pid}\)\."
            r"\n  Port (\d+) is free:  hansard serve --port \1\n",
            printed.err,
        )
        assert match, printed.err
        elsewhere = terminal("serve", "--store", "sqlite:///other.db", "--port", port, "--quiet")
        assert (
            f"  hansard serve --store sqlite:///other.db --quiet --port {match[1]}\n"
            in elsewhere.err
        )


def test_a_port_taken_by_something_else_is_no_hansard(terminal: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        printed = terminal("serve", "--port", str(other.getsockname()[1]))
        assert "is taken" in printed.err
        assert "another hansard" not in printed.err


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.7"])
def test_an_address_that_is_not_ours_is_a_usage_error(terminal: Terminal, host: str) -> None:
    printed = terminal("serve", "--host", host)
    assert printed.code == 2
    assert host in printed.err


def test_without_leave_to_migrate_an_old_store_is_refused(
    terminal: Terminal, tmp_path: Path
) -> None:
    printed = terminal("serve", "--no-migrate", "--port", "0")
    assert printed.code == 1
    assert "hansard migrate" in printed.err


def test_quiet_prints_nothing_and_the_access_log_is_one_json_line_a_request(
    terminal: Terminal, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(HANSARD), "serve", "--port", str(port), "--quiet", "--access-log"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 20
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz?secret=x")
            break
        except httpx.ConnectError:
            assert time.monotonic() < until
            time.sleep(0.05)
    process.terminate()
    out, err = process.communicate(timeout=20)
    assert (out, process.returncode) == ("", 0)
    assert '"path":"/healthz"' in err
    assert "secret" not in err


def test_on_postgres_the_key_is_kept_in_the_working_directory(
    terminal: Terminal, tmp_path: Path, postgres_url: str
) -> None:
    printed = terminal.done("demo", "--sessions", "2", "--store", postgres_url)
    assert "its admin key is in ./.hansard/admin.key (0600)" in printed.err
    assert (
        terminal.done("status", "--store", postgres_url, "--json")
        .json["database"]
        .startswith("PostgreSQL ")
    )


def test_behind_a_proxy_of_this_machine_the_page_is_on_https(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        answer = httpx.post(
            f"{served.url}/ui/sign-in",
            data={"key": served.key},
            headers={"X-Forwarded-Proto": "https", "Origin": served.url},
        )
        assert answer.headers["set-cookie"].startswith("__Host-hansard=")
        assert "Secure" in answer.headers["set-cookie"]
