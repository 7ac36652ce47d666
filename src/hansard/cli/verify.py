"""`hansard verify`: check that everything stored is what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hansard.cli import output
from hansard.cli.context import CommandContext, store_command
from hansard.cli.output import counted

if TYPE_CHECKING:
    from hansard.service.audit import Verdict
    from hansard.service.chain_repair import Repair
    from hansard.service.verify import Findings

_SHOWN = 20


@click.command()
@click.option(
    "--repair-chain",
    is_flag=True,
    help="Show the restarted hash chains that can be repaired; with --yes repair them.",
)
@click.option("-y", "--yes", is_flag=True, help="Repair what --repair-chain shows.")
@store_command()
async def command(context: CommandContext, repair_chain: bool, yes: bool) -> int:
    """Check the database, the hash chain of every session, the counters and the audit log.

    Only reads, one session at a time, while a server may run. Exit code 1 when anything is not what
    was written.

    An older version could restart a chain in its middle, on PostgreSQL. --repair-chain repairs such
    a chain when every message is intact, and notes it in the audit log. Stop servers of that
    version first. Other damage is left as it is.
    """
    from hansard.errors import StoreUnavailable

    if yes and not repair_chain:
        raise click.UsageError("--yes belongs to --repair-chain")
    repairs: list[Repair] = []
    try:
        async with context.opened() as service:
            findings = await service.verification.verify()
            if repair_chain and yes:
                repairs = await service.chain_repair.mend(findings)
                findings = await service.verification.verify()
            elif repair_chain:
                repairs = await service.chain_repair.plan(findings)
            verdict = await service.audit.verify()
    except StoreUnavailable as problem:
        if context.json:
            context.document({"sound": False, "faults": [problem.message]})
        output.error(problem.message)
        return 1
    faults = _faults(findings, verdict)
    mended = (
        {"repaired" if yes else "repairable": list(map(_repair, repairs))} if repair_chain else {}
    )
    if context.json:
        context.document(_document(findings, verdict, faults) | mended)
    for fault in faults[:_SHOWN]:
        output.error(_line(fault))
    if len(faults) > _SHOWN:
        output.error(f"and {len(faults) - _SHOWN} more: see --json")
    if repair_chain:
        _show_repairs(context, repairs, done=yes)
    context.say(_sentence(findings, verdict, faults))
    return 1 if faults else 0


def _document(findings: Findings, verdict: Verdict, faults: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "sound": not faults,
        "workspaces": findings.workspaces,
        "sessions": findings.sessions,
        "messages": findings.messages,
        "audit_entries": verdict.entries,
        "content_hash": findings.content_hash,
        "faults": faults,
    }


def _line(fault: dict[str, Any]) -> str:
    parts = [
        f"{name} {value}:"
        for name, value in fault.items()
        if name != "problem" and value is not None
    ]
    return " ".join([*parts, fault["problem"]])


def _sentence(findings: Findings, verdict: Verdict, faults: list[dict[str, Any]]) -> str:
    looked_at = (
        f"{counted(findings.messages, 'message')} of {counted(findings.sessions, 'session')}"
        f" in {counted(findings.workspaces, 'workspace')},"
        f" {counted(verdict.entries, 'audit entry', 'audit entries')}"
    )
    if faults:
        return f"{looked_at}: {counted(len(faults), 'fault')}"
    return f"{looked_at}: all as written. Content hash {findings.content_hash}"


def _show_repairs(context: CommandContext, repairs: list[Repair], *, done: bool) -> None:
    for repair in repairs:
        seqs = ", ".join(map(str, repair.breaks[:_SHOWN]))
        more = ", …" if len(repair.breaks) > _SHOWN else ""
        context.say(
            f"session {repair.session_id}: the chain {'began' if done else 'begins'} again at "
            f"{seqs}{more}; {counted(repair.rehashed, 'hash', 'hashes')} "
            f"{'written' if done else 'would be written'} anew"
        )
    sessions = counted(len(repairs), "chain")
    if done:
        context.say(f"{sessions} mended, and noted in the audit log")
    else:
        context.say(f"{sessions} can be mended{': add --yes to do it' if repairs else ''}")


def _repair(repair: Repair) -> dict[str, Any]:
    return {
        "workspace": repair.workspace_id,
        "session": repair.session_id,
        "breaks": list(repair.breaks),
        "rehashed": repair.rehashed,
    }


def _faults(findings: Findings, verdict: Verdict) -> list[dict[str, Any]]:
    return [
        *({"problem": entry} for entry in findings.database),
        *(
            {
                "workspace": fault.workspace_id,
                "session": fault.session_id,
                "seq": fault.seq,
                "problem": fault.problem,
            }
            for fault in findings.faults
        ),
        *(
            {"workspace": entry.workspace_id, "audit": entry.n, "problem": entry.problem}
            for entry in verdict.broken
        ),
    ]
