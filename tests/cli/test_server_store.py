"""A command in another folder than the server's, with ``HANSARD_URL`` set."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.support.serving import serving


@pytest.fixture
def other_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terminal: Terminal) -> Path:
    """An empty folder, in which the terminal stands."""
    folder = tmp_path / "other"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_a_command_works_on_the_store_of_the_server_that_the_variable_names(
    terminal: Terminal, tmp_path: Path, other_folder: Path
) -> None:
    with serving(tmp_path) as served:
        (other_folder / "chats.json").write_text(
            '[{"id": "chat-1", "messages": [{"role": "user", "content": "Hello"}]}]'
        )
        terminal.done("import", "chats.json", HANSARD_URL=served.url)
        rows = terminal.done("sessions", "list", HANSARD_URL=f"{served.url}/").rows
        assert [row[2] for row in rows] == ["Hello"]
        status = terminal.done("status", "--json", HANSARD_URL=served.url).json
        assert (status["workspaces"][0]["sessions"], status["store"]) == (
            1,
            f"sqlite:///{tmp_path / 'hansard.db'}",
        )
        doctor = terminal.done("doctor", HANSARD_URL=served.url).out
        assert f"hansard 0.1.0 has this store in use on {served.url}\n" in doctor
        assert terminal("sessions", "list").code == 3
    assert {path.name for path in other_folder.iterdir()} == {"chats.json"}


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "https://hansard.example.com", "http://:x"])
def test_no_store_is_made_where_that_of_the_server_is_not_here(
    terminal: Terminal, other_folder: Path, url: str
) -> None:
    refused = terminal("demo", HANSARD_URL=url)
    assert refused.code == 3
    assert f"that of the server {url} (HANSARD_URL) was not found on this machine" in refused.err
    assert f"curl --data-binary @FILE {url}/v1/import" in refused.err
    assert [*other_folder.iterdir()] == []
    assert (terminal("doctor", HANSARD_URL=url).code, [*other_folder.iterdir()]) == (1, [])


def test_a_store_that_is_named_or_here_counts_more(terminal: Terminal, other_folder: Path) -> None:
    url = "http://127.0.0.1:9"
    store = f"sqlite:///{other_folder}/own.db"
    terminal.done("demo", "--sessions", "1", "--store", store, HANSARD_URL=url)
    terminal.done("migrate", HANSARD_URL=url)
    terminal.done("workspaces", "list", HANSARD_URL=url)
    assert (other_folder / "own.db").exists()
