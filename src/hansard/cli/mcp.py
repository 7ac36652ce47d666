"""`hansard mcp`: a server's sessions for an AI agent, over standard input and output."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from hansard.mcp.tools import Reader

_FIX = (
    "name the server with --url or HANSARD_URL, and set HANSARD_API_KEY. The first 'hansard serve' "
    'saved a key: HANSARD_API_KEY="$(cat .hansard/admin.key)"'
)


@click.command()
@click.option("--url", metavar="URL", help="The server.  [default: HANSARD_URL]")
def command(url: str | None) -> None:
    """Give an AI agent the sessions of a server, over MCP on standard input and output.

    HANSARD_API_KEY is the key, and the agent sees what that key may see. Do not run
    this command by hand: put it into the agent's MCP configuration.
    """
    from hansard.client import AsyncHansard, Misconfigured
    from hansard.client.wire import address
    from hansard.mcp.tools import Reader

    try:
        base = address(url)
        reader = Reader(AsyncHansard(base), base)
    except Misconfigured as problem:
        raise click.UsageError(f"{problem.message}: {_FIX}") from problem
    asyncio.run(_serve(reader))


async def _serve(reader: Reader) -> None:
    try:
        from mcp.server.stdio import stdio_server

        from hansard.mcp.server import server_of
    except ImportError as problem:
        raise click.ClickException(
            "this needs the package mcp: pip install 'hansard[mcp]'"
        ) from problem
    server = server_of(reader)
    async with reader.client, stdio_server() as (messages, answers):
        await server.run(messages, answers, server.create_initialization_options())
