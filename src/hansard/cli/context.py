"""Where a command works: the settings that hold for it, and the store and workspace that they name."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from difflib import get_close_matches
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from hansard.cli import output

if TYPE_CHECKING:
    from hansard.access import Principal
    from hansard.cli.first_run import Claimed
    from hansard.model import Workspace
    from hansard.service import Service
    from hansard.settings import Loaded, Settings

Handler = Callable[..., Awaitable[int | None]]
Command = Callable[..., int | None]
_NAMED = 5
"""How many of the workspaces an error lists."""


class CommandContext:
    """What a command is given before its own arguments."""

    def __init__(self, loaded: Loaded, *, json: bool = False, quiet: bool = False) -> None:
        self.loaded = loaded
        self.json = json
        self.quiet = quiet

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    @contextlib.asynccontextmanager
    async def opened(self, *, create: bool = False) -> AsyncIterator[Service]:
        """The service on the store; NotFound when the store's file is not there and is not to be created."""
        from hansard import app
        from hansard.cli.first_run import check_that_none_was_here
        from hansard.errors import NotFound
        from hansard.store import file_of

        file = file_of(self.settings.store)
        if file is not None and not create and not file.exists():
            raise NotFound(
                f"there is no store {file}: 'hansard serve' or 'hansard migrate' makes one, --store or HANSARD_STORE names another",
                code="store_missing",
            )
        check_that_none_was_here(self.settings)
        async with app.opened(self.settings) as service:
            yield service

    async def workspace(self, service: Service, name: str | None = None) -> Workspace:
        """The workspace of this name, else the settings', else the only one there is; NotFound says what to do."""
        from hansard.errors import NotFound

        wanted = name or self.settings.workspace
        if (
            name is None
            and self.loaded.sources["workspace"] == "default"
            and len(alone := await service.workspaces.list()) == 1
        ):
            return alone[0]
        try:
            return await service.workspaces.named(wanted)
        except NotFound as problem:
            known = [one.name for one in await service.workspaces.list()]
            raise NotFound(
                f"there is no workspace {wanted!r}{_known(wanted, known)}", code=problem.code
            ) from problem

    async def principal(self, service: Service, name: str | None = None) -> Principal:
        """The one who runs the store, at work in a workspace."""
        return service.workspaces.operator(await self.workspace(service, name))

    def welcome(self, claimed: Claimed | None) -> None:
        """Say what a store without any workspace was given."""
        if claimed is not None and not self.quiet:
            from hansard.cli.first_run import shown

            output.note(
                f"A new store: workspace {self.settings.workspace!r} is made, its admin key is in {shown(claimed.file)} (0600)"
            )

    def say(self, text: str = "") -> None:
        """A line for a person: not with --json, not with --quiet."""
        if not (self.json or self.quiet):
            click.echo(text)

    def result(self, value: object, text: str) -> None:
        """What came of the command: a document with --json, else a line."""
        if self.json:
            output.document(value)
        else:
            self.say(text)

    def document(self, value: object) -> None:
        output.document(value)


def store_command(*, workspace: bool = False, json: bool = True) -> Callable[[Handler], Command]:
    """Make a handler what a Click command calls: with the options that name the store, run on a loop of its own."""

    def decorate(handler: Handler) -> Command:
        @functools.wraps(handler)
        def run(store: str | None, config: Path | None, quiet: bool, **given: Any) -> int | None:  # noqa: ANN401 - the handler's own arguments
            context = CommandContext(
                settings_of(
                    config,
                    store=store,
                    workspace=given.pop("workspace", None) if workspace else None,
                ),
                json=given.pop("json", False),
                quiet=quiet,
            )
            return asyncio.run(_awaited(handler(context, **given)))

        wrapped = store_options(run)
        if workspace:
            wrapped = click.option(
                "-w",
                "--workspace",
                metavar="NAME",
                help="The workspace to work in.  [default: default]",
            )(wrapped)
        if json:
            wrapped = click.option("--json", is_flag=True, help="Print one JSON document.")(wrapped)
        return wrapped

    return decorate


def store_options(function: Command) -> Command:
    """The options that every command on a store has."""
    function = click.option(
        "-q", "--quiet", is_flag=True, help="Print nothing but results and errors."
    )(function)
    function = click.option(
        "--config",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="The settings file.  [default: ./hansard.toml]",
    )(function)
    return click.option(
        "--store",
        metavar="URL",
        help="The store: sqlite:///FILE or postgresql://….  [default: sqlite:///hansard.db]",
    )(function)


def settings_of(config: Path | None, **flags: object) -> Loaded:
    from hansard.settings import load

    return load(flags, os.environ, config)


def _known(wanted: str, known: list[str]) -> str:
    """What to do instead of naming a workspace that is not there: the one that was meant, those that there are, how to make it."""
    close = get_close_matches(wanted, known, 1)
    meant = (
        f"did you mean {close[0]!r}?"
        if close
        else f"make it with: hansard workspaces create {quote(wanted)}"
    )
    if not known:
        return f", nor any other: {meant}"
    more = (
        f" and {len(known) - _NAMED:,} more (hansard workspaces list)"
        if len(known) > _NAMED
        else ""
    )
    return f": {meant}\n  Workspaces here: {', '.join(map(repr, known[:_NAMED]))}{more}"


async def _awaited(done: Awaitable[int | None]) -> int | None:
    return await done
