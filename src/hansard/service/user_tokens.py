"""Tokens for the browsers of end users, each of which stands for a key for some minutes.

A token is a JSON Web Token (RFC 7519) that is signed by HS256. Nobody but this server reads it,
except that a client looks at its ``exp`` to know when it needs the next one.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from hansard.access import Principal
from hansard.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.service.keys import Keys

MINUTES = 15
SCOPES = frozenset({"sessions:read", "sessions:write", "sessions:delete"})
"""What a browser may do at most, whatever its key may."""
_SECOND = 1_000_000
_HEAD = urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()


class Claims(Struct, frozen=True, kw_only=True):
    """What a token says: whose it is, which key it stands for, and when it ends, in seconds."""

    sub: str
    app: str
    workspace: str
    key: str
    exp: int


_decode = msgspec.json.Decoder(Claims).decode


def is_user_token(credential: str) -> bool:
    """Whether this has the form of such a token, which no key has."""
    return credential.startswith(f"{_HEAD}.")


class UserTokens:
    """Nothing is stored of a token. It ends with its key; ``secret`` is the store's own."""

    def __init__(self, keys: Keys, secret: bytes, clock: Callable[[], int]) -> None:
        self._keys = keys
        self._secret = hmac.digest(secret, b"user-token", "sha256")
        self._clock = clock

    def issue(self, principal: Principal, user_id: str, app: str) -> str:
        """A token for an end user of an app, with no more rights than the principal has."""
        claims = Claims(
            sub=user_id,
            app=app,
            workspace=principal.workspace_id,
            key=principal.key_id,
            exp=self._clock() // _SECOND + MINUTES * 60,
        )
        signed = f"{_HEAD}.{_text(msgspec.json.encode(claims))}"
        return f"{signed}.{self._signature(signed)}"

    def read(self, token: str) -> Claims:
        """What a token says; Unauthenticated where it is not one of ours, or over."""
        signed, _, signature = token.rpartition(".")
        claims = _claims(signed)
        if claims is None or not hmac.compare_digest(
            self._signature(signed).encode(), signature.encode()
        ):
            raise Unauthenticated("this token is not one that this server gave", code="bad_token")
        if claims.exp <= self._clock() // _SECOND:
            raise Unauthenticated("this token has ended: get another one", code="token_expired")
        return claims

    async def check(self, token: str) -> Principal:
        """The key's holder, narrowed to the token's app; Unauthenticated."""
        claims = self.read(token)
        holder = await self._keys.holder(claims.workspace, claims.key)
        return msgspec.structs.replace(holder, app=claims.app, scopes=holder.scopes & SCOPES)

    def _signature(self, signed: str) -> str:
        return _text(hmac.digest(self._secret, signed.encode(), "sha256"))


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _claims(signed: str) -> Claims | None:
    payload = signed.partition(".")[2]
    try:
        return _decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (BadBase64, ValueError, msgspec.MsgspecError):
        return None
