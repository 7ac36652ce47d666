"""`hansard demo`: a workspace full of sample sessions."""

from __future__ import annotations

import time

import click

from hansard.cli import bars, output
from hansard.cli.context import CommandContext, store_command


@click.command()
@click.option(
    "--live",
    is_flag=True,
    help="Then keep one session running, with messages arriving, until Ctrl+C.",
)
@click.option(
    "--sessions",
    "count",
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    help="How many sessions.  [default: all that were written, about 120]",
)
@click.option("--remove", is_flag=True, help="Delete the sessions that a demo has made.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before --remove.")
@store_command(workspace=True)
async def command(
    context: CommandContext, live: bool, count: int | None, remove: bool, yes: bool
) -> None:
    """Fill a workspace with realistic sessions.

    They cover every state, kind and channel, tool calls and failed ones, pictures, sub-sessions,
    operators and ten languages, over the last thirty days. A second run adds nothing. Works while
    the server runs.
    """
    from hansard import demo
    from hansard.cli.first_run import claim

    async with context.opened(create=not remove) as service:
        if not remove:
            context.welcome(await claim(service, context.settings))
        principal = await context.principal(service)
        if remove:
            if not yes:
                output.confirm(
                    f"Delete the demo's sessions from workspace {principal.workspace_name!r}"
                )
            gone = await demo.remove(service, principal)
            context.result(
                {"deleted": gone},
                f"{output.counted(gone, 'demo session is', 'demo sessions are')} gone.",
            )
            return
        began = time.monotonic()
        with bars.share("demo", quiet=context.quiet) as on_progress:
            new = await demo.fill(
                service, principal, count, lambda done, total: on_progress(done / total)
            )
        seconds = time.monotonic() - began
        text = (
            f"{output.counted(new, 'demo session')} in workspace {principal.workspace_name!r}, "
            f"in {seconds:.1f} s."
            if new
            else "The demo's sessions are there already."
        )
        context.result(
            {"new": new, "workspace": principal.workspace_name, "seconds": round(seconds, 3)}, text
        )
        if live:
            context.say("Live until Ctrl+C. Watch it here with:  hansard sessions tail ID")
            await demo.play_live(service, principal, lambda name: context.say(f"  {name}"))
