"""What a run leaves behind: memory in use and bytes on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard_bench.table import Row, size

if TYPE_CHECKING:
    from hansard_bench.dataset_facts import Facts
    from hansard_bench.targets import Targets

_MIB = 1024**2


def loaded(facts: Facts, targets: Targets) -> Row:
    """How fast whole sessions went in, search index included."""
    speed = facts.message_count / facts.seconds
    return Row(
        what="import of whole sessions, search index included",
        measured=f"{speed:,.0f} messages/s ({facts.message_count:,} in {facts.seconds:.0f} s)",
        target=f"≥ {targets.imported:,.0f}/s",
        reached=speed >= targets.imported,
    )


def resident(measured: int | None, targets: Targets) -> Row:
    """The server's memory after everything."""
    return Row(
        what="memory resident after the whole benchmark",
        measured="unknown here" if measured is None else size(measured),
        target=f"≤ {targets.resident_mib:.0f} MiB",
        reached=None if measured is None else measured <= targets.resident_mib * _MIB,
    )


def on_disk(facts: Facts, targets: Targets) -> Row:
    """The store beside the raw JSON of its messages."""
    taken, limit = facts.disk_bytes, targets.on_disk
    times = None if taken is None else taken / facts.raw_bytes
    return Row(
        what="size on disk, search index included",
        measured=f"raw JSON {size(facts.raw_bytes)}"
        if taken is None or times is None
        else f"{size(taken)}, {times:.2f} × raw JSON",
        target=f"≤ {limit} × raw JSON" if limit else "",
        reached=None if times is None or limit is None else times <= limit,
    )
