"""Erasure of end users, with a signed receipt."""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from hansard.errors import Forbidden, Invalid, NotFound
from hansard.model.bounds import short
from hansard.model.times import rfc3339
from hansard.service import removals
from hansard.service.rules import whole
from hansard.store.verbs import erase as verbs
from hansard.store.verbs import users as verbs_of_users
from hansard.store.verbs.audit import Act
from hansard.store.verbs.erase import Erased, Receipt

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.access import Principal
    from hansard.ids import IdSource
    from hansard.model.user import UserProfile
    from hansard.service.audit import Audit
    from hansard.service.cache_lease import CacheLease
    from hansard.service.indexer import Indexer
    from hansard.service.keys import Keys
    from hansard.store import Store

ERASURE = "era_"
_SCRUB_SECONDS = 5.0


class Erasure(Struct, frozen=True):
    """A receipt; ``signed`` says whether its signature is this store's."""

    body: dict[str, Any]
    signature: str
    signed: bool


class Users:
    """Erases end users; ``secret`` signs receipts and hides user ids in them."""

    def __init__(  # noqa: PLR0913 - what it needs
        self,
        store: Store,
        audit: Audit,
        keys: Keys,
        indexer: Indexer,
        cache_lease: CacheLease,
        secret: bytes,
        ids: IdSource,
        clock: Callable[[], int],
    ) -> None:
        self._store = store
        self._audit = audit
        self._keys = keys
        self._indexer = indexer
        self._cache_lease = cache_lease
        self._secret = hmac.digest(secret, b"receipts", "sha256")
        self._ids = ids
        self._clock = clock

    async def profile(self, principal: Principal, user_id: str) -> UserProfile:
        """What the workspace holds of an end user; zeros for one that it does not know."""
        whole(principal)
        return await self._store.read(verbs_of_users.profile, principal.workspace_id, user_id)

    async def containing(self, principal: Principal, text: str, *, limit: int = 20) -> list[str]:
        """The ids of end users that contain a text, in their order."""
        whole(principal)
        short(text, "q")
        return await self._store.read(
            verbs_of_users.containing, principal.workspace_id, text, limit
        )

    async def erase(self, principal: Principal, user_id: str) -> Erasure:
        """Erase an end user from the workspace: sessions, messages in other sessions, and keys.

        Always answers with a signed receipt, even when nothing was found. When this returns, no
        process has any of it cached. On SQLite the file and its log hold none of it either; if a
        long read was open, they are cleaned soon after.
        """
        if not short(user_id, "user_id"):
            raise Invalid("user_id is empty", param="user_id")
        if principal.user_id not in (None, user_id):
            raise Forbidden("this key is for another end user", code="other_user", param="user_id")
        if principal.app is not None:
            raise Forbidden(
                "this key is for one app; a user is erased from all of them",
                code="other_app",
                param="user_id",
            )
        now = self._clock()
        receipt_id = self._ids.prefixed(ERASURE)
        subject = self.subject(principal.workspace_id, user_id)

        def sign(erased: Erased) -> Receipt:
            body = msgspec.json.encode(
                {
                    "id": receipt_id,
                    "workspace": f"ws_{principal.workspace_id}",
                    "subject": subject,
                    "erased_at": rfc3339(now),
                    "by": principal.key_id,
                    "counts": erased.counts,
                    "content_hash": f"blake2b-256:{erased.content_hash}",
                }
            ).decode()
            return Receipt(receipt_id, subject, body, self._signature(body))

        def act(erased: Erased) -> Act:
            return self._audit.act(
                principal, "user.erased", receipt_id, subject=subject, **erased.counts
            )

        receipt = await self._store.write(
            verbs.user, principal.workspace_id, user_id, now, sign, (self._audit.secret, act)
        )
        self._keys.forget()
        await removals.finish(self._store, principal.workspace_id)
        await asyncio.gather(self._leave_memory(receipt), self._leave_files())
        return self._shown(receipt.body, receipt.signature)

    async def _leave_memory(self, receipt: Receipt) -> None:
        if any(msgspec.json.decode(receipt.body)["counts"].values()):
            await self._cache_lease.run_out()

    async def _leave_files(self) -> None:
        await self._indexer.clear()
        await self._store.scrub(seconds=_SCRUB_SECONDS)

    async def erasure(self, principal: Principal, erasure_id: str) -> Erasure:
        """The receipt of an erasure, with its signature checked; NotFound."""
        whole(principal)
        row = await self._store.read(verbs.receipt, principal.workspace_id, erasure_id)
        if row is None:
            raise NotFound(
                f"no erasure {erasure_id!r} in this workspace",
                code="erasure_not_found",
                param="erasure_id",
            )
        return self._shown(*row)

    async def erasures(self, principal: Principal, user_id: str) -> list[Erasure]:
        """Every receipt about an end user, oldest first.

        The caller must know the user's id, since the store keeps only its digest.
        """
        whole(principal)
        return [
            self._shown(*row)
            for row in await self._store.read(
                verbs.receipts,
                principal.workspace_id,
                self.subject(principal.workspace_id, user_id),
            )
        ]

    def subject(self, workspace_id: str, user_id: str) -> str:
        """The stable pseudonym of a user's id in receipts and the audit log; not reversible."""
        return hmac.digest(self._secret, f"{workspace_id}\x1f{user_id}".encode(), "sha256").hex()[
            :32
        ]

    def _signature(self, body: str) -> str:
        return "hmac-sha256:" + hmac.digest(self._secret, body.encode(), "sha256").hex()

    def _shown(self, body: str, signature: str) -> Erasure:
        return Erasure(
            msgspec.json.decode(body),
            signature,
            hmac.compare_digest(signature, self._signature(body)),
        )
