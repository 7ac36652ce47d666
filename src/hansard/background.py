"""The background tasks of a server.

Each repeats for ever; a failure is logged and tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hansard.errors import Error
from hansard.http.log import Log, preload
from hansard.memory import Trimmer
from hansard.service.cache_lease import LOOK_SECONDS
from hansard.service.removals import finish_all
from hansard.service.titles import Titles
from hansard.service.webhook_sender import Sender

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    import httpx

    from hansard.model import Session
    from hansard.observer import Observer
    from hansard.service import Service
    from hansard.service.titles import Words
    from hansard.settings import Settings

_INDEX_SECONDS = 0.5
_COUNT_SECONDS, _COUNT_PAUSE = 15.0, 0.05
_TITLE_SECONDS, _TITLE_BYTES = 20.0, 64 * 1024
_WEBHOOK_SECONDS = 1.0
_MEMORY_SECONDS = 5.0
_FAILED_SECONDS = 5.0
_PRELOAD_SECONDS = 1.0
"""How long after its start a server loads what its first line of log needs."""
_log = Log("hansard")


class Task(NamedTuple):
    """A background task: its name for an observer, and what it is for."""

    name: str
    purpose: str


class Round(NamedTuple):
    """A round of a background task: the seconds until the next one, and what it dealt with."""

    pause: float
    done: int = 0


@contextlib.asynccontextmanager
async def running(
    service: Service, settings: Settings, observer: Observer | None = None
) -> AsyncIterator[None]:
    """Run every task that the settings ask for; they end when the context does."""
    work = [
        reaping(service, settings.reap_seconds, observer),
        keeping(service, settings.keep_seconds, observer),
        leasing(service, observer),
        indexing(service, observer),
        counting(service, observer),
        trimming(observer),
    ]
    work.append(telling(service, settings, observer))
    if settings.title_url:
        work.append(titling(service, settings.title_url, observer))
    tasks = [asyncio.create_task(job) for job in work]
    loading = asyncio.get_running_loop().call_later(_PRELOAD_SECONDS, preload)
    try:
        yield
    finally:
        loading.cancel()
        await end(tasks)


async def end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel the tasks and wait until all have ended, however each of them does."""
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, Exception):
            _log.warning("a background task did not end well", error=repr(ended))


async def for_ever(
    task: Task,
    work: Callable[[], Awaitable[Round]],
    observer: Observer | None = None,
    *,
    after_failure: float = _FAILED_SECONDS,
) -> None:
    """Repeat ``work``.

    Any failure is logged, and the next round begins ``after_failure`` seconds later.
    """
    while True:
        began, failure = time.perf_counter(), None
        last = Round(after_failure)
        try:
            last = await work()
        except Error as error:
            failure = error.code
            _log.warning(f"could not {task.purpose}", error=error.message)
        except Exception as problem:  # noqa: BLE001 - a bug must not end a background task; it is logged
            failure = type(problem).__name__
            _log.exception(f"could not {task.purpose}", error=failure)
        if observer is not None:
            observer.background(task.name, time.perf_counter() - began, last.done, failure)
        await asyncio.sleep(last.pause)


async def reaping(service: Service, pause: float, observer: Observer | None = None) -> None:
    """Reap lapsed runs and what unfinished forks and deletions left, for ever."""

    async def look() -> Round:
        reaped = await service.runs.reap()
        await service.forks.clear()
        await finish_all(service.store)
        return Round(pause, reaped)

    task = Task("reap", "look for lapsed runs, unfinished forks and deletions")
    await for_ever(task, look, observer)


async def leasing(service: Service, observer: Observer | None = None) -> None:
    """Renew the cache lease for ever; it lapses when the store does not answer."""

    async def renew() -> Round:
        await service.cache_lease.renew()
        return Round(LOOK_SECONDS)

    service.cache_lease.begin()
    try:
        await for_ever(Task("lease", "look whether something was erased"), renew, observer)
    finally:
        service.cache_lease.end()


async def indexing(service: Service, observer: Observer | None = None) -> None:
    """Update the search index for ever."""

    async def catch_up() -> Round:
        return Round(_INDEX_SECONDS, await service.indexer.catch_up())

    await for_ever(Task("index", "bring the search index up to date"), catch_up, observer)


async def keeping(service: Service, pause: float, observer: Observer | None = None) -> None:
    """Delete expired data for ever."""

    async def forget() -> Round:
        return Round(pause, await service.upkeep.run())

    await asyncio.sleep(pause)
    await for_ever(Task("upkeep", "forget what is past its time"), forget, observer)


async def counting(service: Service, observer: Observer | None = None) -> None:
    """Update the statistics for ever, in small steps."""

    async def follow() -> Round:
        return Round(_COUNT_SECONDS if await service.stats.follow_all() else _COUNT_PAUSE)

    await for_ever(Task("stats", "bring the statistics up to date"), follow, observer)


async def trimming(observer: Observer | None = None) -> None:
    """Give freed memory back to the system for ever."""
    trimmer = Trimmer()

    async def trim() -> Round:
        return Round(_MEMORY_SECONDS, await asyncio.to_thread(trimmer.look))

    await for_ever(Task("memory", "give freed memory back"), trim, observer)


async def titling(service: Service, url: str, observer: Observer | None = None) -> None:
    """Request titles from ``url`` for ever; a late or invalid answer counts as no title."""
    import httpx  # noqa: PLC0415 - for those who want titles from elsewhere; it takes long to load

    async with httpx.AsyncClient(timeout=_TITLE_SECONDS) as client:

        async def ask(session: Session, words: list[Words]) -> str | None:
            request = {
                "session_id": session.name,
                "messages": [{"role": word.role, "text": word.text} for word in words],
            }
            async with asyncio.timeout(_TITLE_SECONDS):
                answer = await answer_of(client, url, request)
            title = msgspec.json.decode(answer)["title"]
            return title if isinstance(title, str) else None

        titles = Titles(service, ask)

        async def look() -> Round:
            await titles.look()
            return Round(1)

        await for_ever(Task("titles", "look for sessions that want a title"), look, observer)


async def telling(service: Service, settings: Settings, observer: Observer | None = None) -> None:
    """Tell webhooks what happens, for ever."""
    sender = Sender(allow_private=settings.webhook_private)

    async def tell() -> Round:
        done = await service.webhooks.work(sender)
        return Round(0 if done else _WEBHOOK_SECONDS, done)

    try:
        await for_ever(Task("webhooks", "tell webhooks what happens"), tell, observer)
    finally:
        await sender.close()


async def answer_of(client: httpx.AsyncClient, url: str, request: object) -> bytes:
    """The body of an answer of at most ``_TITLE_BYTES``.

    ValueError for a longer or a packed one.
    """
    headers = {"Accept-Encoding": "identity"}
    async with client.stream("POST", url, json=request, headers=headers) as answer:
        answer.raise_for_status()
        body = b""
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > _TITLE_BYTES:
                message = f"an answer with a title has at most {_TITLE_BYTES} bytes"
                raise ValueError(message)
    return body
