"""The store: what a backend must offer, and how one is opened from a URL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from hansard.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec

    from hansard.observer import Usage
    from hansard.store.steps import Row, Steps

    P = ParamSpec("P")

T = TypeVar("T")


class Store(Protocol):
    """One database behind the verbs of ``store.verbs``.

    A verb that writes is one transaction: when ``write`` returns, it is durable; when it raises,
    nothing of it happened. Both raise the errors of ``hansard.errors`` only.
    """

    url: str
    in_flight: set[tuple[str, str]]
    """The (workspace, idempotency key) pairs that this process is working on."""

    async def open(self) -> None:
        """Connect; raises StoreUnavailable when the database is not there."""

    async def close(self) -> None:
        """Finish what was begun and let go."""

    async def migrate(self) -> list[str]:
        """Apply the migrations that are missing, under a lock; the names of those applied."""

    async def pending_migrations(self) -> list[str]:
        """The names of the migrations that are missing."""

    async def read(self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a verb that reads, however long it takes.

        The store makes sure that nobody else waits for it.

        The verb may be begun more than once, on any thread: it must not change anything. Its
        statements see the store one after the other; where they must see one state of it, use
        ``snapshot``.
        """

    async def ask(self, name: str, workspace_id: str) -> list[Row]:
        """The rows of a named statement that reads a workspace.

        It is a single statement, so it needs no transaction to see a consistent state.

        Callers of the same turn of the event loop share them, since the statement begins after all
        of them began. Whoever comes later, and whoever waited for a write meanwhile, is scheduled
        behind the end of the turn, and is given what is true then.
        """

    def reached(self, workspace_id: str) -> int | None:
        """A generation of a workspace that a read which begins now sees, or a later one.

        It is the last that this process has written, None where it has written none.
        """

    async def snapshot(self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """As ``read``, with one consistent state of the store for all statements of the verb.

        On SQLite every read is one. On PostgreSQL it is a read-only transaction at ``repeatable
        read``, which costs two round trips more.
        """

    async def write(self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a verb as one durable transaction."""

    async def write_behind(
        self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As ``write``, for what takes long: where writes wait for each other, others go first."""

    @property
    def saves_trips(self) -> bool:
        """Whether a verb of one statement is done sooner by ``write_single`` than by ``write``."""

    async def write_single(
        self, verb: Callable[P, Steps[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a verb whose first statement alone writes, without a transaction around it.

        The verb may be begun again when it is not known whether the statement was carried out: it
        must find that out.
        """

    async def ping(self) -> None:
        """Return when the store shows a sign of life.

        Raises StoreUnavailable, within two seconds, when it does not.
        """

    def usage(self) -> list[Usage]:
        """How much of each queue and pool of this process is taken."""

    async def size(self) -> int:
        """The bytes that the store takes on its disk, indexes and logs included."""

    async def about(self) -> str:
        """The database and its version."""

    async def check(self) -> list[str]:
        """What the database's own check of its files finds, empty when they are sound."""

    async def backup(self, target: Path, on_progress: Callable[[float], None]) -> None:
        """Write one consistent state to a file while the store is in use.

        ``on_progress`` hears the share that is done.

        Raises Conflict when the file is there already.
        """

    async def restore(self, source: Path, on_progress: Callable[[float], None]) -> None:
        """Load a backup into this store.

        The store is closed, and absent or empty; Conflict otherwise.
        """

    async def secure(self, role: str) -> list[str]:
        """Put row-level security on the tables of tenants and let ``role`` work with them.

        The tables. Invalid without roles.
        """

    async def distribute(self, shards: int | None = None) -> list[str]:
        """Spread the tables over the nodes of Citus, by workspace; the tables that were not yet.

        Migrations that come later do it for their own tables. Invalid where there is no Citus.
        """

    async def compact(self, on_progress: Callable[[float], None]) -> int:
        """Bring what an earlier version wrote to the smaller form; how many messages there were.

        In small steps, while servers of this version use the store; broken off, it goes on where it
        was. ``on_progress`` hears the share that is done. Invalid where there is one form only.
        """

    async def scrub(self, *, seconds: float = 0.0) -> None:
        """See to it that what was deleted is overwritten in the store's own files too.

        Waits for it at most ``seconds``.

        PostgreSQL keeps this to itself: its vacuum does it, in its own time.
        """


def connect(url: str, **options: Any) -> Store:  # noqa: ANN401 - each backend names its own
    """The store behind ``sqlite:///FILE`` or ``postgresql://…``, not opened yet.

    Both backends take ``observer``. Invalid says what is wrong with the URL.
    """
    scheme = url.partition(":")[0]
    if scheme == "sqlite":
        from hansard.store.sqlite import SQLiteStore  # noqa: PLC0415 - a driver is loaded when it is asked for

        return SQLiteStore(url, **options)
    if scheme in {"postgresql", "postgres"}:
        try:
            from hansard.store.postgres import PostgresStore  # noqa: PLC0415 - an extra
        except ModuleNotFoundError as problem:
            raise Invalid(
                "PostgreSQL needs an extra: pip install 'hansard[postgres]'", param="store"
            ) from problem
        return PostgresStore(url, **options)
    raise Invalid(
        f"store {url!r} is neither sqlite:///FILE nor postgresql://USER@HOST/DATABASE",
        param="store",
    )
