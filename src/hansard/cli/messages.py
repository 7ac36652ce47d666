"""`hansard messages`: append to a session from the command line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

import click

from hansard.cli.context import CommandContext, store_command

if TYPE_CHECKING:
    from hansard.model import MessageDraft
    from hansard.model.message import Role

ROLES = ("user", "assistant", "tool", "system")


@click.group()
def command() -> None:
    """Append messages to a session."""


@command.command()
@click.argument("session", metavar="ID")
@click.argument("text", required=False, metavar="[TEXT]")
@click.option(
    "--role", type=click.Choice(ROLES), default="user", show_default=True, help="The sender's role."
)
@click.option(
    "--client-id", metavar="ID", help="An id of your own: sent twice, the message is stored once."
)
@click.option("--start", is_flag=True, help="Create the session when it does not exist.")
@store_command(workspace=True)
async def add(
    context: CommandContext,
    session: str,
    text: str | None,
    role: str,
    client_id: str | None,
    start: bool,
) -> None:
    """Append a message; without TEXT, standard input is read.

    JSON objects on standard input, one per line, are messages in the API's form ({"role", "text" or
    "parts", …}). Any other input is the text of one message.
    """
    from hansard.model import SessionDraft
    from hansard.native.message_bodies import message_out

    drafts = (
        [_plain(text, role, client_id)]
        if text is not None
        else _read(sys.stdin.buffer.read(), role, client_id)
    )
    async with context.opened() as service:
        principal = await context.principal(service)
        if start:
            _, messages = await service.sessions.record(principal, SessionDraft(id=session), drafts)
        else:
            _, messages = await service.messages.append(principal, session, drafts)
    rows = [message_out(session, message) for message in messages]
    if context.json:
        context.document({"data": rows})
    for row in rows:
        context.say(f"{row.id}  seq {row.seq}")


def _read(body: bytes, role: str, client_id: str | None) -> list[MessageDraft]:
    text = body.strip()
    if not text.startswith(b"{"):
        return [_plain(text.decode(errors="replace"), role, client_id)]
    return [
        _draft(line, number) for number, line in enumerate(body.splitlines(), 1) if line.strip()
    ]


def _draft(line: bytes, number: int) -> MessageDraft:
    """The message in a line of JSON; an error names the line."""
    import msgspec

    from hansard.errors import Invalid
    from hansard.http import strict_json
    from hansard.http.validation_errors import complaint
    from hansard.native.message_bodies import MessageIn, draft_of

    try:
        strict_json.check(line)
        return draft_of(msgspec.json.decode(line, type=MessageIn), 0)
    except msgspec.ValidationError as problem:
        fault = complaint(problem, "message", MessageIn).message
    except msgspec.DecodeError as problem:
        fault = f"this is not JSON: {problem}"
    except Invalid as problem:
        fault = problem.message.removeprefix("messages[0]").lstrip(". :")
    raise Invalid(f"line {number} of standard input: {fault}", param="messages")


def _plain(text: str, role: str, client_id: str | None) -> MessageDraft:
    from hansard.errors import Invalid
    from hansard.model import MessageDraft, parts

    if not text:
        raise Invalid("there is no text: give it as an argument or on standard input", param="text")
    return MessageDraft(
        role=cast("Role", role), parts=parts.text_part(text), text=text, client_id=client_id
    )
