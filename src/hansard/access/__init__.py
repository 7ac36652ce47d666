"""Who may do what: scopes, principals and the keys that prove them."""

from hansard.access.keys import KeyMint
from hansard.access.principal import ALL_SCOPES, SCOPES, Principal

__all__ = ["ALL_SCOPES", "SCOPES", "KeyMint", "Principal"]
