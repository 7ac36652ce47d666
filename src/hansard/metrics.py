"""What an observer hears, counted, and shown in Prometheus' text format.

The counters are plain numbers under one lock, so that a request pays a microsecond for them.
prometheus-client is loaded for the first scrape, and writes the format. No value of a label comes
from a client: routes, statements, caches and tasks are those that the program has.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from hansard import byte_cache
from hansard.observer import Observer, SeenRequest, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hansard.service.health import StoreFacts

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = tuple[str, ...]


class Family(NamedTuple):
    """A metric: its name, its kind, what it says, and its labels."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: Labels = ()


BUILD = Family(
    "hansard_build_info", "gauge", "1; the versions of the server and of its database",
    ("version", "database"),
)  # fmt: skip
REQUESTS = Family(
    "hansard_http_request_seconds",
    "histogram",
    "How long requests took, by API, method, pattern of the path and status; "
    "a stream takes as long as it is open. A path without a route has the route (none).",
    ("api", "method", "route", "status"),
)
STATEMENTS = Family(
    "hansard_statement_seconds", "histogram", "How long the database took for each statement",
    ("statement",),
)  # fmt: skip
COMMITS = Family("hansard_commit_seconds", "histogram", "How long commits of writes took")
WRITES = Family(
    "hansard_write_transactions_total", "counter",
    "Transactions that write; SQLite puts several into one commit",
)  # fmt: skip
RETRIES = Family(
    "hansard_transaction_retries_total", "counter",
    "Transactions that were tried again on PostgreSQL, by SQLSTATE or kind of failure",
    ("reason",),
)  # fmt: skip
TASKS = Family(
    "hansard_background_rounds_total", "counter", "Rounds of each background task", ("task",)
)
TASK_SECONDS = Family(
    "hansard_background_seconds_total", "counter", "Time in each background task", ("task",)
)
TASK_FAILURES = Family(
    "hansard_background_failures_total", "counter", "Rounds that failed, by background task",
    ("task",),
)  # fmt: skip
REAPED = Family(
    "hansard_runs_reaped_total", "counter",
    "Runs whose lease lapsed and that this server marked as interrupted",
)  # fmt: skip
INDEXED = Family(
    "hansard_documents_indexed_total", "counter", "Documents that this server put into the index"
)
QUEUE = Family("hansard_queue_length", "gauge", "What waits in each queue", ("queue",))
QUEUE_LIMIT = Family(
    "hansard_queue_limit", "gauge", "Over this a queue answers store_overloaded", ("queue",)
)
POOL = Family("hansard_pool_used", "gauge", "Threads or connections in use", ("pool",))
POOL_LIMIT = Family("hansard_pool_limit", "gauge", "Threads or connections at most", ("pool",))
CACHE = Family("hansard_cache_bytes", "gauge", "Bytes that each cache takes", ("cache",))
CACHE_LIMIT = Family("hansard_cache_limit_bytes", "gauge", "Bytes at most", ("cache",))
STORE_UP = Family("hansard_store_up", "gauge", "Whether the store answered this scrape: 1 or 0")
STORE_BYTES = Family("hansard_store_bytes", "gauge", "What the store takes on its disk")
WORKSPACES = Family("hansard_workspaces", "gauge", "Workspaces in the store")
CHANGES = Family("hansard_changes", "gauge", "Changes of all workspaces: each makes one event")
INDEX_LAG = Family(
    "hansard_index_lag_changes", "gauge", "Changes that the search index has not seen yet"
)
STREAMS = Family("hansard_event_streams", "gauge", "Readers that follow the events now")
FAMILIES: tuple[Family, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Family)
)
_REQUEST_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_STATEMENT_BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5)
_BY_KIND = {
    "queue": (QUEUE, QUEUE_LIMIT),
    "pool": (POOL, POOL_LIMIT),
    "cache": (CACHE, CACHE_LIMIT),
}
_DONE = {"reap": REAPED, "index": INDEXED}
_NO_ROUTE = "(none)"


class _Histogram:
    """Counts and sums of durations by labels, which become text when they are read.

    One thread adds at a time: that of the event loop, or whoever holds the lock.
    """

    def __init__(self, family: Family, bounds: Sequence[float]) -> None:
        self.family = family
        self._bounds = bounds
        self._names = [*map(str, bounds), "+Inf"]
        self._series: dict[tuple[object, ...], list[float]] = {}

    def add(self, labels: tuple[object, ...], seconds: float) -> None:
        series = self._series.get(labels)
        if series is None:
            series = self._series[labels] = [0] * (len(self._bounds) + 2)
        series[bisect_left(self._bounds, seconds)] += 1
        series[-1] += seconds

    def read(self) -> list[tuple[Labels, list[tuple[str, float]], float]]:
        """The labels, the cumulative buckets and the sum of each series."""
        return [
            (
                tuple(map(str, labels)),
                list(zip(self._names, accumulate(series[:-1]), strict=True)),
                series[-1],
            )
            for labels, series in list(self._series.items())
        ]


class Metrics(Observer):
    """The metrics of one process, since it started. Any thread may add to them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests = _Histogram(REQUESTS, _REQUEST_BOUNDS)
        self._statements = _Histogram(STATEMENTS, _STATEMENT_BOUNDS)
        self._commits = _Histogram(COMMITS, _STATEMENT_BOUNDS)
        self._counts: dict[Family, Counter[Labels]] = {
            family: Counter() for family in FAMILIES if family.kind == "counter"
        }
        for family in (WRITES, REAPED, INDEXED):
            self._counts[family][()] = 0
        self._sources: list[Callable[[], list[Usage]]] = [byte_cache.usage]

    def watch(self, usage: Callable[[], list[Usage]]) -> None:
        """Show this as well, as it is at each scrape."""
        self._sources.append(usage)

    def request(self, request: SeenRequest) -> None:
        labels = (
            (request.api, request.method, request.route, request.status)
            if request.route
            else (_NO_ROUTE, _NO_ROUTE, _NO_ROUTE, request.status)
        )
        self._requests.add(labels, request.seconds)

    def statement(self, name: str, seconds: float) -> None:
        with self._lock:
            self._statements.add((name,), seconds)

    def commit(self, transactions: int, seconds: float) -> None:
        with self._lock:
            self._commits.add((), seconds)
            self._counts[WRITES][()] += transactions

    def retry(self, reason: str) -> None:
        self._count(RETRIES, (reason,), 1)

    def background(self, task: str, seconds: float, done: int, error: str | None) -> None:
        labels = (task,)
        self._count(TASKS, labels, 1)
        self._count(TASK_SECONDS, labels, seconds)
        self._count(TASK_FAILURES, labels, error is not None)
        if task in _DONE:
            self._count(_DONE[task], (), done)

    def text(self, facts: StoreFacts) -> bytes:
        """All of it in Prometheus' text format; takes some milliseconds."""
        # Half a second on a small machine, which a server that nobody scrapes does not spend.
        from prometheus_client import (  # noqa: PLC0415 - as above
            CollectorRegistry,
            ProcessCollector,
            generate_latest,
        )

        registry = CollectorRegistry()
        registry.register(_Collector(self._families(facts)))
        ProcessCollector(registry=registry)
        return generate_latest(registry)

    def _count(self, family: Family, labels: Labels, by: float) -> None:
        with self._lock:
            self._counts[family][labels] += by  # type: ignore[assignment]  # seconds are counted too

    def _families(self, facts: StoreFacts) -> Iterator[Any]:
        with self._lock:
            histograms = [
                (metric.family, metric.read())
                for metric in (self._requests, self._statements, self._commits)
            ]
            counts = {family: dict(series) for family, series in self._counts.items()}
        yield from (_histogram(family, series) for family, series in histograms)
        yield from (_numbers(family, series) for family, series in counts.items())
        yield from (_numbers(family, series) for family, series in self._used().items())
        yield from (_numbers(family, series) for family, series in _of_store(facts).items())

    def _used(self) -> dict[Family, Counter[Labels]]:
        """The gauges of what has a bound; caches of one name are one."""
        gauges = {family: Counter[Labels]() for pair in _BY_KIND.values() for family in pair}
        for usage in (usage for source in self._sources for usage in source()):
            used, limit = _BY_KIND[usage.kind]
            gauges[used][usage.name,] += usage.used
            gauges[limit][usage.name,] += usage.limit
        return gauges


class _Collector:
    """What prometheus-client asks for."""

    def __init__(self, families: Iterator[Any]) -> None:
        self._families = families

    def collect(self) -> Iterator[Any]:
        return self._families

    def describe(self) -> list[Any]:
        """Nothing: a registry of one scrape needs no check of names that are taken."""
        return []


def _of_store(facts: StoreFacts) -> dict[Family, Mapping[Labels, float]]:
    """The gauges of the store; only that it is down when it did not answer."""
    gauges: dict[Family, Mapping[Labels, float]] = {
        BUILD: {(facts.version, facts.database): 1},
        STORE_UP: {(): int(facts.totals is not None)},
        STREAMS: {(): facts.streams},
    }
    if facts.totals is not None:
        gauges[STORE_BYTES] = {(): facts.size}
        gauges[WORKSPACES] = {(): facts.totals.workspaces}
        gauges[CHANGES] = {(): facts.totals.changes}
        gauges[INDEX_LAG] = {(): facts.totals.lag}
    return gauges


def _histogram(family: Family, series: list[tuple[Labels, list[tuple[str, float]], float]]) -> Any:  # noqa: ANN401 - prometheus-client's own
    from prometheus_client.core import HistogramMetricFamily  # noqa: PLC0415 - see Metrics.text

    shown = HistogramMetricFamily(family.name, family.help, labels=family.labels)
    for labels, buckets, total in series:
        shown.add_metric(labels, buckets, total)
    return shown


def _numbers(family: Family, series: Mapping[Labels, float]) -> Any:  # noqa: ANN401 - prometheus-client's own
    from prometheus_client import core  # noqa: PLC0415 - see Metrics.text

    kind = core.CounterMetricFamily if family.kind == "counter" else core.GaugeMetricFamily
    shown = kind(family.name, family.help, labels=family.labels)
    for labels, value in series.items():
        shown.add_metric(labels, value)
    return shown
