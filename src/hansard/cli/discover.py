"""`hansard import --discover`: the sessions of this user's coding agents."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hansard.cli import output
from hansard.cli.import_report import NOTHING, details, exit_code

if TYPE_CHECKING:
    from hansard.cli.context import CommandContext
    from hansard.interchange.discovery import Summary
    from hansard.interchange.report import Options, Progress, Report
    from hansard.service import Service

Listed = list[tuple["Summary", list[Path]]]
_TELLING = 0.25
_UNITS = (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000))


async def discover(
    context: CommandContext, options: Options, *, yes: bool, tells: bool
) -> int | None:
    """List what there is below the home folder, import what the user confirms; the exit code.

    Without a terminal only ``yes`` confirms. A dry run asks nothing, and says what would happen.
    ``tells`` prints a line of JSON on the way now and then.
    """
    from hansard.interchange.report import Report

    listed = _listed(context, options)
    if not listed:
        context.say(f"No session of a coding agent is below {Path.home()}.")
    is_agreed = yes or options.dry_run  # which changes nothing
    chosen = [entry for entry in listed if is_agreed or _is_confirmed(context, entry[0])]
    if chosen:
        return exit_code(await _imported(context, options, listed, chosen, tells=tells))
    if listed:
        output.note("Nothing was imported. Import all of them with --yes.")
    if context.json:
        _print(context, listed, {}, Report())
    return None if listed else NOTHING


def _listed(context: CommandContext, options: Options) -> Listed:
    from hansard.interchange.discovery import discovered
    from hansard.interchange.records import Rules

    rules = Rules(
        now=time.time_ns() // 1000, zone=options.zone, keep_branches=options.keep_branches
    )
    listed = list(discovered(Path.home(), rules))
    if not context.json:
        output.table(
            ("product", "sessions", "messages", "from", "until", "size"),
            [_row(summary) for summary, _ in listed],
            right=("sessions", "messages", "size"),
        )
    return listed


def _row(summary: Summary) -> tuple[object, ...]:
    return (
        summary.title,
        summary.sessions,
        summary.messages,
        _day(summary.first_at),
        _day(summary.last_at),
        size(summary.bytes),
    )


def _day(us: int | None) -> str:
    from hansard.model.times import rfc3339

    return "" if us is None else rfc3339(us)[:10]


def size(count: int) -> str:
    """A number of bytes in the largest unit of which there is one.

    >>> size(1_500_000)
    '1.5 MB'
    """
    for unit, bytes_ in _UNITS:
        if count >= bytes_:
            return f"{count / bytes_:.1f} {unit}"
    return f"{count} B"


def _is_confirmed(context: CommandContext, summary: Summary) -> bool:
    sessions = output.counted(summary.sessions, "session")
    return not context.json and output.agrees(f"Import {sessions} of {summary.title}")


async def _imported(
    context: CommandContext, options: Options, listed: Listed, chosen: Listed, *, tells: bool
) -> Report:
    from hansard.cli.first_run import claim

    total: Report | None = None
    reports: dict[str, Report] = {}
    would = "would be " if options.dry_run else ""
    async with context.opened(create=True) as service:
        context.welcome(await claim(service, context.settings))
        for summary, files in chosen:
            telling = _Telling(summary.product) if tells else None
            report = await _import_one(context, service, options, files, telling)
            reports[summary.product] = report
            total = report if total is None else total.plus(report)
            context.say(
                f"{summary.title}: {report.new:,} {would}new, {report.updated:,} {would}updated, "
                f"{report.same:,} same, {report.bad:,} bad"
            )
            for line in details(report) if report.is_something or report.bad else ():
                output.note(line)
    assert total is not None, "there is something to import"  # noqa: S101 - an invariant of the caller
    if context.json:
        _print(context, listed, reports, total)
    return total


async def _import_one(
    context: CommandContext,
    service: Service,
    options: Options,
    files: list[Path],
    telling: _Telling | None,
) -> Report:
    from hansard.interchange.discovery import opened
    from hansard.interchange.importer import Import

    principal = await context.principal(service)
    report = await Import(service, principal, options, telling).documents(opened(files))
    if telling is not None:
        telling.end(report)
    return report


class _Telling:
    """Prints how far the import of a product is, four times a second at most."""

    def __init__(self, product: str) -> None:
        self._product = product
        self._next = 0.0

    def __call__(self, now: Progress) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _TELLING
            self._tell(now)

    def end(self, report: Report) -> None:
        self._tell(report)

    def _tell(self, now: Progress | Report) -> None:
        counts = {"read": now.messages, "new": now.new, "bad": now.bad}
        output.line({"product": self._product, **counts})


def _print(
    context: CommandContext, listed: Listed, reports: dict[str, Report], total: Report
) -> None:
    import msgspec

    products = [_entry(summary, reports.get(summary.product)) for summary, _ in listed]
    context.document({"products": products, **msgspec.to_builtins(total)})


def _entry(summary: Summary, report: Report | None) -> dict[str, object]:
    """What a product has; with its counts where it was imported."""
    import msgspec

    from hansard.model.times import rfc3339

    entry: dict[str, object] = msgspec.to_builtins(summary)
    for name in ("first_at", "last_at"):
        at = getattr(summary, name)
        entry[name] = None if at is None else rfc3339(at)
    if report is not None:
        entry |= report.outcomes()
    return entry


def require_no_files(files: tuple[str, ...]) -> None:
    """Raise UsageError for files that are named beside ``--discover``."""
    if files:
        raise click.UsageError("--discover finds the files itself: name none, or leave it out")
