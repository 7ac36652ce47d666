"""What `hansard verify` finds in every store that a test or a scenario leaves."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hansard.app import opened
from hansard.errors import Error
from hansard.settings import Settings

_served: Counter[str] = Counter()
_verdicts: dict[str, list[str]] = {}


async def faults_of(store: str) -> list[str]:
    """What is not as it was written; a store that does not open is one fault."""
    try:
        async with opened(Settings(store=store)) as service:
            findings = await service.verification.verify()
            audit = await service.audit.verify()
    except Error as problem:
        return [f"{store} does not open: {problem.message}"]
    return [
        *findings.database,
        *(f"{fault.session_id} {fault.seq}: {fault.problem}" for fault in findings.faults),
        *(f"audit entry {broken.n}: {broken.problem}" for broken in audit.broken),
    ]


def served(store: str) -> None:
    """A server begins to use the store."""
    _served[store] += 1


async def left(store: str) -> None:
    """A server has ended.

    With the last one the store is verified, while the database is still there.
    """
    _served[store] -= 1
    if not _served[store]:
        _verdicts[store] = await faults_of(store)


def verdicts() -> dict[str, list[str]]:
    """What was found in the stores that servers have left since the last call."""
    taken = dict(_verdicts)
    _verdicts.clear()
    return taken


def faults_in(stores: Iterable[str]) -> dict[str, list[str]]:
    """What is found in these stores, for a caller outside of any event loop."""

    async def look() -> dict[str, list[str]]:
        return {store: await faults_of(store) for store in stores}

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, look()).result()


def files_in(folder: Path) -> set[str]:
    """The stores that are files in a folder."""
    return {f"sqlite:///{file}" for file in folder.rglob("*.db")}
