"""`hansard verify`: whether everything that is stored is what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hansard.cli import output
from hansard.cli.context import CommandContext, store_command
from hansard.cli.output import counted

if TYPE_CHECKING:
    from hansard.service.audit import Verdict
    from hansard.service.verify import Findings

_SHOWN = 20


@click.command()
@store_command()
async def command(context: CommandContext) -> int:
    """Check the database, the hash chain of every session, the counters and the audit log.

    Reads only, a session at a time, beside a server that goes on. Exit code 1 when anything is not what was written.
    """
    from hansard.errors import StoreUnavailable

    try:
        async with context.opened() as service:
            findings = await service.verification.verify()
            verdict = await service.audit.verify()
    except StoreUnavailable as problem:
        if context.json:
            context.document({"sound": False, "faults": [problem.message]})
        output.error(problem.message)
        return 1
    faults = _faults(findings, verdict)
    if context.json:
        context.document(
            {
                "sound": not faults,
                "workspaces": findings.workspaces,
                "sessions": findings.sessions,
                "messages": findings.messages,
                "audit_entries": verdict.entries,
                "content_hash": findings.content_hash,
                "faults": faults,
            }
        )
    for fault in faults[:_SHOWN]:
        output.error(
            " ".join(
                f"{name} {value}:"
                for name, value in fault.items()
                if name != "problem" and value is not None
            )
            + f" {fault['problem']}"
        )
    if len(faults) > _SHOWN:
        output.error(f"and {len(faults) - _SHOWN} more: see --json")
    context.say(
        f"{counted(findings.messages, 'message')} of {counted(findings.sessions, 'session')} in {counted(findings.workspaces, 'workspace')}, "
        f"{counted(verdict.entries, 'audit entry', 'audit entries')}: "
        + (
            counted(len(faults), "fault")
            if faults
            else f"all as written. Content hash {findings.content_hash}"
        )
    )
    return 1 if faults else 0


def _faults(findings: Findings, verdict: Verdict) -> list[dict[str, Any]]:
    return [
        *({"problem": one} for one in findings.database),
        *(
            {
                "workspace": one.workspace_id,
                "session": one.session_id,
                "seq": one.seq,
                "problem": one.problem,
            }
            for one in findings.faults
        ),
        *(
            {"workspace": one.workspace_id, "audit": one.n, "problem": one.problem}
            for one in verdict.broken
        ),
    ]
