"""The report of an import, printed, and its exit code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hansard.cli import output
from hansard.cli.retype import again

if TYPE_CHECKING:
    from hansard.cli.context import CommandContext
    from hansard.interchange.report import Report

PARTIAL, NOTHING = 5, 6
_SHOWN = 5


def exit_code(report: Report) -> int | None:
    """5 where only some could be taken in, 6 where nothing could and there was something."""
    if report.is_something:
        return PARTIAL if report.bad or report.unread else None
    is_nothing = report.bad or len(report.unread) > report.empty or not report.empty
    return NOTHING if is_nothing else None


def print_report(
    context: CommandContext,
    report: Report,
    seconds: float,
    workspace: str,
    *,
    files: Sequence[str],
    dry_run: bool,
) -> None:
    """Print the counts of an import, and what could not be read and why."""
    import msgspec

    if context.json:
        context.document(
            {
                **msgspec.to_builtins(report),
                "seconds": round(seconds, 3),
                "workspace": workspace,
                "dry_run": dry_run,
            }
        )
        return
    would = "would be " if dry_run else ""
    updated = f", {report.updated:,} {would}updated" if report.updated else ""
    for note in report.notes:
        output.note(note)
    if report.earlier:
        context.say(f"{report.earlier:,} settled by the import before, and passed over")
    context.say(
        f"{report.new:,} {would}new{updated}, {report.same:,} same, {report.bad:,} bad: "
        f"{output.counted(report.messages, 'message')} in {seconds:.1f} s"
    )
    for line in details(report):
        output.note(line)
    if report.stopped and "-" not in files and not dry_run:
        output.note(f"Go on behind them with:\n  {again('--resume')}")


def details(report: Report) -> Iterator[str]:
    """The lines below the counts: what could not be read and why, and what was noticed."""
    for problem in report.problems[:_SHOWN]:
        yield f"  {problem.file}, record {problem.record}: {problem.reason}"
    for unread in report.unread[:_SHOWN]:
        yield f"  {unread.file}: {unread.reason}"
    for what, count in sorted(report.remarks.items()):
        yield f"  {count:,} × {what}"
    if report.stopped:
        yield f"It was {report.stopped}"
    for name in report.errors:
        yield f"All bad ones, with reasons: {name}"
    if not (report.is_something or report.bad or report.unread or report.empty or report.skipped):
        yield "No session was found there. Files end with .json, .jsonl or .ndjson, packed or not."
    if report.skipped:
        more = " …" if len(report.skipped) > _SHOWN else ""
        names = ", ".join(report.skipped[:_SHOWN])
        yield f"Skipped, as without a conversation in a known format: {names}{more}"
