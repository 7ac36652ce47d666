"""The rules, one class per noun.

Every verb takes the principal first. It is one transaction and one store call.
"""

from __future__ import annotations

import hmac
import time
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from hansard.ids import IdSource, microseconds
from hansard.service.attention import Attention
from hansard.service.audit import Audit
from hansard.service.bulk import Bulk
from hansard.service.cache_lease import CacheLease
from hansard.service.chain_repair import ChainRepair
from hansard.service.checkpoints import Checkpoints
from hansard.service.context import Contexts
from hansard.service.diffs import Diffs
from hansard.service.documents import Documents
from hansard.service.events import Events
from hansard.service.facets import Facets
from hansard.service.forks import Forks
from hansard.service.health import Health
from hansard.service.indexer import Indexer
from hansard.service.keys import Keys
from hansard.service.lookup import Lookup
from hansard.service.messages import Messages
from hansard.service.notes import Notes
from hansard.service.recount import Recount
from hansard.service.retention import Retention
from hansard.service.runs import Runs
from hansard.service.search import Search
from hansard.service.sessions import Sessions
from hansard.service.shares import Shares
from hansard.service.sign_ins import SignIns
from hansard.service.stats import Statistics
from hansard.service.suggestions import Suggestions
from hansard.service.telemetry import Telemetry
from hansard.service.transcripts import Transcripts
from hansard.service.transfers import Transfers
from hansard.service.upkeep import Upkeep
from hansard.service.user_tokens import UserTokens
from hansard.service.users import Users
from hansard.service.verify import Verification
from hansard.service.views import Views
from hansard.service.webhooks import Webhooks
from hansard.service.workspaces import Workspaces
from hansard.settings import file_of, masked
from hansard.store.cursors import Cursors
from hansard.store.verbs import keys as stored
from hansard.store.verbs.store_clock import store_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.store import Store
    from hansard.store.verbs.store_clock import StoreClock


class Service:
    """Every verb of the product, wired to one open store.

    ``secret`` seals cursors and peppers keys. ``clock`` is the wall clock in microseconds and dates
    rows. ``monotonic`` counts seconds and ages caches. ``store_clock`` is shared by every process
    of the store and counts leases.
    """

    def __init__(  # noqa: PLR0913 - its clocks
        self,
        store: Store,
        secret: bytes,
        *,
        clock: Callable[[], int] = microseconds,
        monotonic: Callable[[], float] = time.monotonic,
        store_clock: StoreClock = store_time,
        ids: IdSource | None = None,
    ) -> None:
        ids = ids or IdSource(clock)
        self.store = store
        self.secret = secret
        self.clock = clock
        self.ids = ids
        cursors = Cursors(secret)
        self.audit = Audit(store, cursors, hmac.digest(secret, b"audit", "sha256"), clock)
        self.sessions = Sessions(store, cursors, ids, clock, self.audit)
        self.facets = Facets(store, self.sessions)
        self.attention = Attention(self.sessions, clock)
        self.forks = Forks(store, ids, clock)
        self.messages = Messages(store, ids, clock, self.audit, cursors)
        self.contexts = Contexts(store)
        self.diffs = Diffs(store, cursors)
        self.documents = Documents(store, cursors, clock)
        self.checkpoints = Checkpoints(store, cursors, ids, clock)
        self.transcripts = Transcripts(store)
        self.transfers = Transfers(store, self.audit, ids, clock)
        self.notes = Notes(store, self.messages, ids, clock)
        self.telemetry = Telemetry(store, ids, clock)
        self.runs = Runs(store, ids, clock, cursors, store_clock)
        self.keys = Keys(store, secret, clock, self.audit, monotonic)
        self.indexer = Indexer(store)
        self.cache_lease = CacheLease(store)
        self.users = Users(
            store, self.audit, self.keys, self.indexer, self.cache_lease, secret, ids, clock
        )
        self.retention = Retention(store, self.audit, clock, store_clock)
        self.verification = Verification(store)
        self.chain_repair = ChainRepair(store, self.audit, clock)
        self.events = Events(store, clock)
        self.health = Health(store, self.events, monotonic)
        self.lookup = Lookup(store)
        self.search = Search(store, cursors, self.sessions, clock)
        self.suggestions = Suggestions(self.sessions, self.users)
        self.stats = Statistics(store)
        self.bulk = Bulk(store, ids, clock, self.audit)
        self.webhooks = Webhooks(store, secret, ids, clock, store_clock)
        self.views = Views(store, ids, clock)
        self.shares = Shares(store, secret, clock)
        self.sign_ins = SignIns(store, self.keys, secret, clock)
        self.user_tokens = UserTokens(self.keys, secret, clock)
        self.workspaces = Workspaces(store, self.keys, ids, clock, self.audit)
        self.recount = Recount(store, clock)
        self.upkeep = Upkeep(store, self.workspaces, self.retention, clock, store_clock)

    @property
    def store_name(self) -> str:
        """The store's absolute file path, or its URL without the password."""
        file = file_of(self.store.url)
        return masked("store", self.store.url) if file is None else str(file.absolute())

    def by_clock(self, clock: Callable[[], int]) -> Service:
        """The service on the same store, whose rows are dated by another clock."""
        return Service(self.store, self.secret, clock=clock, ids=IdSource(clock))

    async def about(self) -> str:
        """The database and its version."""
        return await self.store.about()

    @classmethod
    async def on(cls, store: Store, **clocks: Any) -> Service:  # noqa: ANN401 - as the constructor has them
        """The service on an open, migrated store. Creates the store's secret on first use."""
        secret = await store.write(stored.fact, "secret", token_hex(32))
        return cls(store, bytes.fromhex(secret), **clocks)
