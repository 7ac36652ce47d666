"""Concurrent calls on one session can be put into one order that time allows (linearizability)."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import httpx
import pytest

from hansard.access import Principal
from hansard.model import SessionDraft
from hansard.service import Service
from tests.reliability.conftest import Figure


@dataclass(frozen=True)
class Call:
    """One call of a history.

    What it was, when it began and ended, and the seq that it gave or saw.
    """

    kind: str
    began: float
    ended: float
    seq: int


def breaches(history: Sequence[Call]) -> list[str]:
    """What no order could explain.

    Appends take the numbers 1, 2, 3, …, so their order is known; that leaves real time to be
    checked: a call that began after another had ended comes after it.  A read shows the state
    between two appends, so its place is known as well.
    """
    problems = []
    seqs = sorted(call.seq for call in history if call.kind == "append")
    if seqs != list(range(1, len(seqs) + 1)):
        problems.append("appends do not have the numbers 1, 2, 3, …")
    by_place = sorted(history, key=lambda call: (call.seq, call.kind))
    latest_began = 0.0
    for _, calls in itertools.groupby(by_place, key=lambda call: (call.seq, call.kind)):
        group = list(calls)
        problems += [
            f"a {call.kind} of seq {call.seq} ended before a call that comes earlier began"
            for call in group
            if call.ended < latest_began
        ]
        latest_began = max(latest_began, *(call.began for call in group))
    return problems


async def record(
    client: httpx.AsyncClient, session: str, *, writers: int, readers: int, calls: int
) -> list[Call]:
    history: list[Call] = []

    async def call(kind: str) -> None:
        for number in range(calls):
            began = time.perf_counter()
            if kind == "append":
                answer = await client.post(
                    f"/v1/sessions/{session}/messages",
                    json={"messages": [{"role": "user", "text": str(number)}]},
                )
                seq = answer.json()["data"][0]["seq"]
            elif number % 2:
                seq = (await client.get(f"/v1/sessions/{session}")).json()["last_seq"]
            else:
                newest = (
                    await client.get(f"/v1/sessions/{session}/messages?order=desc&limit=1")
                ).json()["data"]
                seq = newest[0]["seq"] if newest else 0
            history.append(Call(kind, began, time.perf_counter(), seq))

    await asyncio.gather(
        *(call("append") for _ in range(writers)), *(call("read") for _ in range(readers))
    )
    return history


def stale(history: list[Call]) -> list[Call]:
    """One of the last reads saw what was there at the beginning."""
    newest = max(index for index, call in enumerate(history) if call.kind == "read")
    history[newest] = replace(history[newest], seq=0)
    return history


def swapped(history: list[Call]) -> list[Call]:
    """The first and the last append change their numbers."""
    appends = [index for index, call in enumerate(history) if call.kind == "append"]
    first, last = history[appends[0]], history[appends[-1]]
    history[appends[0]], history[appends[-1]] = (
        replace(first, seq=last.seq),
        replace(last, seq=first.seq),
    )
    return history


def doubled(history: list[Call]) -> list[Call]:
    """Two appends have one number: the update of one is lost."""
    appends = [index for index, call in enumerate(history) if call.kind == "append"]
    history[appends[1]] = replace(history[appends[1]], seq=history[appends[0]].seq)
    return history


async def test_histories_are_linear(
    client: httpx.AsyncClient, service: Service, principal: Principal, figure: Figure
) -> None:
    total, problems = 0, list[str]()
    for number in range(3):
        await service.sessions.start(principal, SessionDraft(id=f"s{number}"))
        history = await record(client, f"s{number}", writers=6, readers=4, calls=12)
        total, problems = total + len(history), problems + breaches(history)
    figure(f"3 histories, {total} calls, {len(problems)} breaches")
    assert problems == []


@pytest.mark.parametrize("fault", [stale, swapped, doubled])
async def test_a_fault_in_a_history_is_found(
    fault: Callable[[list[Call]], list[Call]], figure: Figure
) -> None:
    chance, now, history = random.Random(3), 0.0, list[Call]()
    for seq in range(1, 60):
        now += 1
        history.append(Call("append", now - chance.random() * 3, now + chance.random() * 3, seq))
        history.append(
            Call("read", now + 0.2 - chance.random() * 3, now + 0.4 + chance.random() * 3, seq)
        )
    assert breaches(history) == []
    problems = breaches(fault(history))
    figure(f"{(fault.__doc__ or '').strip()} {len(problems)} breaches")
    assert problems
