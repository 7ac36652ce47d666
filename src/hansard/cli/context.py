"""The context of a command: its settings, its store and its workspace."""

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
from hansard.cli.arguments import names
from hansard.cli.server_store import with_server_store

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
    """The settings and output options of a command; its first argument."""

    def __init__(
        self,
        loaded: Loaded,
        *,
        json: bool = False,
        fields: tuple[str, ...] = (),
        quiet: bool = False,
    ) -> None:
        self.loaded = loaded
        self.json = json or bool(fields)
        self.fields = fields
        self.quiet = quiet

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    @contextlib.asynccontextmanager
    async def opened(self, *, create: bool = False) -> AsyncIterator[Service]:
        """The service on the store; NotFound without the store's file, unless ``create``."""
        from hansard import app
        from hansard.cli.first_run import check_that_none_was_here
        from hansard.errors import NotFound
        from hansard.settings import file_of

        file = file_of(self.settings.store)
        if file is not None and not create and not file.exists():
            raise NotFound(
                f"there is no store {file}: 'hansard serve', 'migrate' or 'import' creates one, "
                "--store or HANSARD_STORE names another",
                code="store_missing",
            )
        check_that_none_was_here(self.settings)
        async with app.opened(self.settings) as service:
            yield service

    async def workspace(self, service: Service, name: str | None = None) -> Workspace:
        """The workspace of this name, else of the settings, else the only one; NotFound."""
        from hansard.errors import NotFound

        sought = name or self.settings.workspace
        if (
            name is None
            and self.loaded.sources["workspace"] == "default"
            and len(alone := await service.workspaces.list()) == 1
        ):
            return alone[0]
        try:
            return await service.workspaces.named(sought)
        except NotFound as problem:
            known = [workspace.name for workspace in await service.workspaces.list()]
            raise NotFound(
                f"there is no workspace {sought!r}{_known(sought, known)}", code=problem.code
            ) from problem

    async def principal(self, service: Service, name: str | None = None) -> Principal:
        """The operator's principal in a workspace."""
        return service.workspaces.operator(await self.workspace(service, name))

    def welcome(self, claimed: Claimed | None) -> None:
        """Announce the workspace and key of a new store."""
        if claimed is not None and not self.quiet:
            from hansard.cli.first_run import shown

            output.note(
                f"A new store: workspace {self.settings.workspace!r} is created, "
                f"its admin key is in {shown(claimed.file)} (0600)"
            )

    def say(self, text: str = "") -> None:
        """Print a line; nothing with --json or --quiet."""
        if not (self.json or self.quiet):
            click.echo(text)

    def result(self, value: object, text: str) -> None:
        """Print the command's result: a document with --json, else a line."""
        if self.json:
            self.document(value)
        else:
            self.say(text)

    def document(self, value: object) -> None:
        """Print a JSON document: whole, or the fields that were asked for."""
        if self.fields:
            from hansard.cli.document_fields import narrowed

            value = narrowed(value, self.fields)
        output.document(value)


def store_command(
    *, workspace: bool = False, json: bool = True, makes_store: bool = False
) -> Callable[[Handler], Command]:
    """Make a handler a Click command with the store's options, run on its own event loop.

    ``makes_store`` is for what begins a store in this folder, whatever ``HANSARD_URL`` names.
    """

    def decorate(handler: Handler) -> Command:
        @functools.wraps(handler)
        def run(store: str | None, config: Path | None, quiet: bool, **options: Any) -> int | None:  # noqa: ANN401 - the handler's own arguments
            loaded = settings_of(
                config,
                store=store,
                workspace=options.pop("workspace", None) if workspace else None,
            )
            context = CommandContext(
                loaded if makes_store else with_server_store(loaded, os.environ),
                json=options.pop("json", False),
                fields=options.pop("fields", ()),
                quiet=quiet,
            )
            return asyncio.run(_awaited(handler(context, **options)))

        wrapped = store_options(run)
        if workspace:
            wrapped = click.option(
                "-w",
                "--workspace",
                metavar="NAME",
                help="The workspace to work in.  [default: default]",
            )(wrapped)
        if json:
            wrapped = click.option(
                "--fields",
                metavar="A,B",
                default="",
                type=names,
                help="Print JSON with these fields only, such as id,cost_usd.",
            )(wrapped)
            wrapped = click.option("--json", is_flag=True, help="Print one JSON document.")(wrapped)
        return wrapped

    return decorate


def store_options(function: Command) -> Command:
    """Add the options that every command on a store has."""
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


def _known(name: str, known: list[str]) -> str:
    """The advice for an unknown workspace: a similar name, the known names, how to create it."""
    close = get_close_matches(name, known, 1)
    meant = (
        f"did you mean {close[0]!r}?"
        if close
        else f"make it with: hansard workspaces create {quote(name)}"
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
