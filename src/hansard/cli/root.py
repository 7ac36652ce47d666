"""`hansard` itself: its commands and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Sequence
from importlib import import_module
from keyword import iskeyword
from typing import Any, NoReturn

import click

from hansard import __version__

SECTIONS: dict[str, dict[str, str]] = {
    "Run": {
        "serve": "Run the server: the APIs and the page, over one store.",
        "demo": "Fill a workspace with believable sessions.",
        "status": "Show what is in the store and whether a server answers.",
        "doctor": "Find what is wrong with this installation.",
        "mcp": "Give an AI agent the sessions of a server, over MCP.",
    },
    "Sessions": {
        "sessions": "List, show, follow, search, judge and change sessions.",
        "messages": "Append messages to a session.",
        "import": "Import sessions from files, folders, archives or a pipe.",
        "watch": "Follow the sessions of your coding agents, and import what is new.",
        "export": "Export whole sessions, as lines, Markdown or CSV.",
        "stats": "Count sessions, messages, tokens and cost by day.",
        "users": "Find end users, show one, erase one with a receipt.",
    },
    "Workspaces and keys": {
        "workspaces": "Create, list, rename and delete workspaces.",
        "keys": "Create, list, rotate and revoke API keys.",
        "audit": "Read and verify the audit log.",
        "retention": "Set how long sessions are kept.",
    },
    "Maintain the store": {
        "migrate": "Update the store's schema, or create the store.",
        "backup": "Back the store up into a file, while it is in use.",
        "restore": "Create a store from a backup.",
        "verify": "Check that what is stored is what was written.",
        "secure": "Add row-level security on PostgreSQL.",
    },
    "Set up": {
        "config": "Show the settings, or write a settings file.",
        "completion": "Print the completion script of a shell.",
    },
    "Measure": {
        "bench": "Measure speed against the field, side by side.",
    },
}
"""Every command with its line of help; each is ``command`` in the module of its name.

The help stands here so that --help need not load the modules.
"""

NOUNS = ("sessions", "messages", "users", "workspaces", "keys", "audit", "retention")
"""The commands that have commands of their own."""

OK, FAILURE, USAGE, NOT_FOUND, CREDENTIALS, PARTIAL, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130


class Root(click.Group):
    """Loads a command's module on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's signature
        return [name for commands in SECTIONS.values() for name in commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        known = self.list_commands(ctx)
        if (
            cmd_name not in known and ctx.resilient_parsing
        ):  # a shell that completes what is not written yet
            return None
        if cmd_name not in known:
            ctx.fail(f"there is no command {cmd_name!r}{_meant(cmd_name, known)}")
        command: click.Command = import_module(
            f"hansard.cli.{cmd_name}{'_' * iskeyword(cmd_name)}"
        ).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        widest = max(map(len, self.list_commands(ctx)))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(widest), line) for name, line in commands.items()])


def _meant(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    whole = next((f"{noun} {name}" for noun in NOUNS if name in _verbs(noun)), None)
    meant = whole or next(iter(get_close_matches(name, known, 1)), None)
    return f": did you mean {meant!r}?" if meant else ": hansard --help lists them"


def _verbs(noun: str) -> Collection[str]:
    group: click.Group = import_module(f"hansard.cli.{noun}").command
    return group.commands


@click.group(
    cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, "--version", message="hansard %(version)s")
@click.pass_context
def root(context: click.Context) -> None:
    """One store for every agent conversation, served in the API your clients already speak."""
    if os.environ.get("NO_COLOR"):
        context.color = False


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit.

    0 done, 1 failure, 2 usage, 3 not found, 4 credentials, 5 partial import, 6 nothing to import,
    130 interrupted.
    """
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """The exit code of a command; errors go to standard error."""
    try:
        typed = tuple(sys.argv[1:] if arguments is None else arguments)
        code: Any = root.main(typed, "hansard", standalone_mode=False, obj=typed)
    except (click.ClickException, click.Abort, KeyboardInterrupt, OSError) as problem:
        return _outside(problem)
    except Exception as problem:
        from hansard.errors import Error

        if not isinstance(problem, Error):
            raise
        _tell(problem.message)
        return code_of(problem)
    return code if isinstance(code, int) else OK


def _outside(problem: BaseException) -> int:
    """Print an error of the terminal or the system, and give its exit code."""
    match problem:
        case click.exceptions.NoArgsIsHelpError():
            problem.show()
            return USAGE
        case click.UsageError():
            if problem.ctx is not None:
                click.echo(
                    f"{problem.ctx.get_usage()}\n"
                    f"Try '{problem.ctx.command_path} --help' for help.\n",
                    err=True,
                )
            _tell(problem.format_message())
            return USAGE
        case click.ClickException():
            _tell(problem.format_message())
        case BrokenPipeError():
            sys.stderr.close()  # the reader of the pipe has closed it
        case OSError():
            _tell(f"{problem.strerror}: {problem.filename}" if problem.filename else str(problem))
            return NOT_FOUND if isinstance(problem, FileNotFoundError) else FAILURE
        case _:
            click.echo(err=True)
            return INTERRUPTED
    return FAILURE


def _tell(message: str) -> None:
    from hansard.cli.output import error

    error(message)


def code_of(problem: Exception) -> int:
    """The exit code of an error."""
    from hansard import errors

    match problem:
        case errors.NotFound():
            return NOT_FOUND
        case errors.Unauthenticated() | errors.Forbidden():
            return CREDENTIALS
        case errors.Invalid():
            return USAGE
    return FAILURE
