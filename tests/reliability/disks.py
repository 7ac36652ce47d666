"""What a bad disk does to the embedded store.

Power that goes, a disk that is full, an fsync that fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hansard.access import Principal
from hansard.app import opened
from hansard.errors import NotFound, StoreUnavailable
from hansard.model import MessageDraft, MessageQuery, SessionDraft, parts
from hansard.service import Service
from hansard.settings import Settings
from hansard.store.sqlite import connection
from tests.reliability.disk import Disk, Recording, disk
from tests.reliability.load import Figures, Ledger

SESSIONS = ("one", "two", "three", "four")


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'hansard.db'}"


def draft(token: str) -> MessageDraft:
    return MessageDraft(role="user", parts=parts.text_part(token), text=token, client_id=token)


async def begin(service: Service) -> Principal:
    principal = service.workspaces.operator(await service.workspaces.create("acme"))
    for name in SESSIONS:
        await service.sessions.start(principal, SessionDraft(id=name))
    return principal


async def append(
    service: Service, principal: Principal, ledger: Ledger, session: str, token: str
) -> None:
    _, (message,) = await service.messages.append(principal, session, [draft(token)])
    ledger.acknowledged[token] = (session, message.seq, message.id)


async def stored(
    service: Service, principal: Principal
) -> dict[str, Sequence[tuple[int, str, str]]]:
    by_session: dict[str, Sequence[tuple[int, str, str]]] = {}
    for name in SESSIONS:
        messages: list[tuple[int, str, str]] = []
        with contextlib.suppress(NotFound):
            while True:
                _, got, _ = await service.messages.list(
                    principal, name, MessageQuery(limit=200, after=len(messages))
                )
                messages += [(message.seq, message.id, message.client_id or "") for message in got]
                if not got:
                    break
        by_session[name] = messages
    return by_session


@contextlib.contextmanager
def pragma(before: str, after: str) -> Iterator[None]:
    """Seed a fault: other pragmas for every connection."""
    kept = connection._PRAGMAS
    assert before in kept
    connection._PRAGMAS = kept.replace(before, after)
    try:
        yield
    finally:
        connection._PRAGMAS = kept


async def recorded(folder: Path, *, writers: int, appends: int) -> tuple[Recording, Ledger, int]:
    """All writes while `writers` made `appends` each.

    Also the ledger, and the op at which the first append was acknowledged.
    """
    folder.mkdir()  # noqa: ASYNC240 - before anything runs
    with disk(folder) as failing_disk:
        recording = failing_disk.record()
        async with opened(Settings(store=url(folder))) as service:
            principal = await begin(service)
            first = len(recording.ops)
            ledger = Ledger()

            async def write(number: int) -> None:
                for index in range(appends):
                    token = f"{number}-{index}"
                    await append(
                        service,
                        principal,
                        ledger,
                        SESSIONS[(number + index) % len(SESSIONS)],
                        token,
                    )
                    recording.note(token)

            await asyncio.gather(*map(write, range(writers)))
            await service.store.scrub(
                seconds=2
            )  # a checkpoint: the log goes into the file and is emptied
            await asyncio.gather(
                *(
                    append(service, principal, ledger, SESSIONS[0], f"late-{number}")
                    for number in range(20)
                )
            )
            for number in range(20):
                recording.note(f"late-{number}")
    return recording, ledger, first


async def power_loss(
    folder: Path, *, points: int, writers: int = 16, appends: int = 12, seed: int = 1
) -> Figures:
    """The power goes at `points` random moments of one run.

    What the disk may then hold is opened and audited.
    """
    recording, whole, first = await recorded(folder / "recorded", writers=writers, appends=appends)
    chance = random.Random(seed)
    total = Figures(0, 0, 0, 0, 0)
    for number in range(points):
        crashed = folder / f"crash-{number}"
        crashed.mkdir()
        notes = recording.crash(chance.randrange(first, len(recording.ops)), crashed, chance)
        ledger = Ledger({token: whole.acknowledged[token] for token in notes})
        figures = ledger.audit(await _after(crashed))
        for name in ("acknowledged", "stored", "lost", "doubled", "gaps", "moved"):
            setattr(total, name, getattr(total, name) + getattr(figures, name))
        shutil.rmtree(crashed)
    return total


async def _after(folder: Path) -> dict[str, Sequence[tuple[int, str, str]]]:
    """What the next start finds; a store that cannot be opened any more has lost everything."""
    try:
        async with opened(Settings(store=url(folder))) as service:
            findings = await service.verification.verify()
            if not findings.is_sound:
                return {}
            return await stored(
                service, service.workspaces.operator(await service.workspaces.named("acme"))
            )
    except (StoreUnavailable, NotFound):
        return {}


@dataclass
class Refusals:
    """How writes were refused while the disk was bad, by code, and whether reads went on."""

    codes: dict[str, int]
    reads: int


async def _bad_while(
    service: Service, principal: Principal, ledger: Ledger, count: int
) -> Refusals:
    refusals = Refusals({}, 0)
    for number in range(count):
        try:
            await append(
                service,
                principal,
                ledger,
                SESSIONS[number % 4],
                f"bad-{len(ledger.acknowledged)}-{number}",
            )
        except StoreUnavailable as problem:
            refusals.codes[problem.code] = refusals.codes.get(problem.code, 0) + 1
        await service.messages.list(principal, SESSIONS[0], MessageQuery())
        refusals.reads += 1
    return refusals


async def bad_disk(
    folder: Path, spoil: str, *, rounds: int, count: int = 40
) -> tuple[Figures, Refusals]:
    """A disk that is `full` or has `broken_syncs` for a while, `rounds` times.

    Then the store is opened anew and audited.
    """
    ledger = Ledger()
    total = Refusals({}, 0)
    with disk(folder) as failing_disk:
        async with opened(Settings(store=url(folder))) as service:
            principal = await begin(service)
            for number in range(rounds):
                await asyncio.gather(
                    *(
                        append(
                            service,
                            principal,
                            ledger,
                            SESSIONS[index % 4],
                            f"good-{number}-{index}",
                        )
                        for index in range(20)
                    )
                )
                _spoil(failing_disk, spoil, number)
                refusals = await _bad_while(service, principal, ledger, count)
                failing_disk.quota, failing_disk.broken_syncs = None, False
                for code, times in refusals.codes.items():
                    total.codes[code] = total.codes.get(code, 0) + times
                total.reads += refusals.reads
                await append(service, principal, ledger, SESSIONS[0], f"recovered-{number}")
    return ledger.audit(await _after(folder)), total


def _spoil(failing_disk: Disk, how: str, number: int) -> None:
    if how == "full":
        failing_disk.quota = 20_000 * (number % 3)
    else:
        failing_disk.broken_syncs = True
