"""What holds for every command: help, exit codes, errors that say what to do."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from hansard.cli.root import SECTIONS, code_of, root
from hansard.errors import Conflict, Error, Forbidden, Invalid, NotFound, Unauthenticated
from tests.cli.conftest import Terminal

COMMANDS = [name for commands in SECTIONS.values() for name in commands]
HANSARD = Path(sys.executable).with_name("hansard")


def every(command: click.Command, name: str) -> list[tuple[str, click.Command]]:
    """A command and those below it, by what is typed."""
    below = command.commands.items() if isinstance(command, click.Group) else ()
    return [
        (name, command),
        *(pair for verb, subcommand in below for pair in every(subcommand, f"{name} {verb}")),
    ]


def test_help_lists_every_command_and_loads_none(terminal: Terminal) -> None:
    program = (
        "import sys; from hansard.cli.root import run; run(['--help']); print(*sys.modules, "
        "file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    loaded = set(done.stderr.split())
    assert not {"asyncio", "msgspec", "rich", "apsw", "starlette", "hansard.app"} & loaded
    assert not {f"hansard.cli.{name}" for name in COMMANDS} & loaded


def test_help_answers_within_a_quarter_of_a_second_of_work() -> None:
    times = []
    bare = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    for _ in range(3):
        before = os.times()
        subprocess.run([HANSARD, "--help"], capture_output=True, check=True, env=bare)
        after = os.times()
        times.append(
            after.children_user
            + after.children_system
            - before.children_user
            - before.children_system
        )
    print(f"hansard --help: {min(times):.3f} s of processor time")
    assert min(times) < 0.25


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_says_what_it_is_for(name: str) -> None:
    root_command = root.get_command(click.Context(root), name)
    assert root_command
    for typed, command in every(root_command, name):
        assert command.help, typed
        for parameter in command.params:
            assert isinstance(parameter, click.Argument) or getattr(parameter, "help", None), (
                f"{typed} {parameter.name}"
            )


@pytest.mark.parametrize("name", COMMANDS)
def test_no_line_of_help_is_cut_off_at_80_columns(name: str) -> None:
    root_command = root.get_command(click.Context(root), name)
    assert root_command
    for typed, command in every(root_command, name):
        _, *lines = command.get_help(
            click.Context(command, info_name=typed, terminal_width=78)
        ).splitlines()
        assert [line for line in lines if "..." in line or len(line) > 80] == [], typed


def test_version(terminal: Terminal) -> None:
    assert terminal.done("--version").out == "hansard 0.1.0\n"


def test_an_unknown_command_is_a_usage_error_that_says_what_was_meant(terminal: Terminal) -> None:
    printed = terminal("sesions")
    assert printed.code == 2
    assert printed.err.endswith("error: there is no command 'sesions': did you mean 'sessions'?\n")
    assert "hansard --help" in terminal("xyzzy").err
    assert "did you mean 'sessions search'?" in terminal("search", "refund").err


def test_without_a_command_help_is_shown(terminal: Terminal) -> None:
    for arguments in ([], ["sessions"]):
        printed = terminal(*arguments)
        assert printed.code == 2
        assert printed.err.startswith("Usage: hansard ")


def test_a_shell_completes_commands_and_options() -> None:
    def proposed(*words: str) -> list[list[str]]:
        line = {
            "_HANSARD_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(("hansard", *words)),
            "COMP_CWORD": str(len(words)),
        }
        done = subprocess.run(
            [HANSARD], capture_output=True, text=True, env={**os.environ, **line}, check=False
        )
        assert done.stderr == ""
        return [splitline.split(",", 1) for splitline in done.stdout.splitlines()]

    def completed(*words: str) -> list[str]:
        return ["".join(value) for _, *value in proposed(*words)]

    def kinds(*words: str) -> list[str]:
        return [kind for kind, *_ in proposed(*words)]

    assert completed("work") == ["workspaces"]
    assert sorted(completed("keys", "r")) == ["revoke", "rotate"]
    assert completed("sessions", "list", "--stat") == ["--state"]
    assert completed("import", "--format", "chat") == ["chatgpt"]
    assert completed("sessions", "list", "--state", "failed,par") == ["failed,partial"]
    assert completed("keys", "create", "--scopes", "sessions:read,aud") == [
        "sessions:read,audit:read"
    ]
    assert completed("sessions", "list", "--channel", "w") == [""]
    assert kinds("import", "cha") == ["file"]
    assert completed("nothing", "x") == [""]  # an empty line, no proposal


def test_a_store_that_is_not_there_is_not_made_by_reading(
    terminal: Terminal, tmp_path: Path
) -> None:
    printed = terminal("sessions", "list")
    assert printed.code == 3
    assert printed.err.startswith("error: there is no store hansard.db: 'hansard serve'")
    assert not list(tmp_path.iterdir())


def test_a_store_in_a_folder_that_is_not_there_says_so(terminal: Terminal) -> None:
    printed = terminal("migrate", "--store", "sqlite:///nowhere/hansard.db")
    assert printed.code == 1
    assert "there is no folder nowhere" in printed.err


def test_a_store_of_no_known_kind_is_a_usage_error(terminal: Terminal) -> None:
    assert terminal("migrate", "--store", "mysql://localhost/x").code == 2


def test_a_workspace_that_is_not_there_says_which_was_meant(filled: Terminal) -> None:
    printed = filled("sessions", "list", "-w", "defualt")
    assert (printed.code, printed.err) == (
        3,
        (
            "error: there is no workspace 'defualt': did you mean 'default'?\n  Workspaces here: "
            "'default'\n"
        ),
    )
    assert (
        "hansard workspaces create 'an other'\n  Workspaces here: 'default'\n"
        in filled("sessions", "list", "-w", "an other").err
    )
    for n in range(6):
        filled.done("workspaces", "create", f"shop {n}")
    printed = filled("sessions", "list", "-w", "nowhere")
    assert (
        "here: 'default', 'shop 0', 'shop 1', 'shop 2', 'shop 3' and 2 more (hansard workspaces "
        "list)\n" in printed.err
    )


def test_the_only_workspace_is_the_one_meant(terminal: Terminal) -> None:
    terminal.done("workspaces", "create", "acme")
    terminal.done("messages", "add", "one", "hi", "--start")
    assert terminal.done("sessions", "list").rows[0][0] == "one"
    terminal.done("workspaces", "create", "globex")
    assert terminal("sessions", "list").code == 3
    assert terminal.done("sessions", "list", HANSARD_WORKSPACE="acme").rows[0][0] == "one"


def test_an_unknown_setting_stops_a_command(terminal: Terminal, tmp_path: Path) -> None:
    assert "did you mean HANSARD_STORE?" in terminal("migrate", HANSARD_STOER="x").err
    (tmp_path / "hansard.toml").write_text("prot = 1\n")
    printed = terminal("migrate")
    assert (printed.code, "did you mean 'port'?" in printed.err) == (2, True)


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (Forbidden("no"), 4),
        (Unauthenticated("no"), 4),
        (NotFound("no"), 3),
        (Invalid("no"), 2),
        (Conflict("no"), 1),
    ],
)
def test_each_kind_of_error_has_its_exit_code(problem: Error, code: int) -> None:
    assert code_of(problem) == code


def test_a_fault_of_ours_is_not_hidden(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(root, "invoke", fails)
    with pytest.raises(ZeroDivisionError):
        terminal("status")


def test_whoever_reads_a_pipe_may_stop(filled: Terminal, tmp_path: Path) -> None:
    lines = b"".join(
        b'{"id": "s%d", "messages": [{"role": "user", "content": "%s"}]}\n' % (n, b"x" * 500)
        for n in range(300)
    )
    filled.done("import", "-", text=lines)
    script = f"{HANSARD} sessions list --all --jsonl | head -c 10"
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert len(done.stdout) == 10
    assert done.stderr == ""


def test_interrupted_with_ctrl_c_ends_with_130(filled: Terminal, tmp_path: Path) -> None:
    tail = subprocess.Popen(
        [HANSARD, "sessions", "tail", "one"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert tail.stdout is not None
    assert "#1" in tail.stdout.readline()
    time.sleep(0.2)
    tail.send_signal(2)
    tail.communicate(timeout=20)
    assert tail.returncode == 130
