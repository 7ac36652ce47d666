"""What a filter of sessions may hold, and what of it a key may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hansard.errors import Invalid
from hansard.model.session_filter import NONE

if TYPE_CHECKING:
    from hansard.access import Principal
    from hansard.model import SessionFilter

TERM = 500
_MOST_METADATA = 32
NOBODY = "-" * 300  # longer than any stored value: matches nothing


def spelled(filters: SessionFilter) -> SessionFilter:
    """The filter with its channels in lower case, as sessions have them."""
    lower = tuple(channel.lower() for channel in filters.channel)
    return filters if lower == filters.channel else msgspec.structs.replace(filters, channel=lower)


def narrowed(principal: Principal, filters: SessionFilter) -> SessionFilter:
    """The filter limited to what the key may see; Invalid for a title or metadata out of bounds."""
    if filters.title is not None and len(filters.title) > TERM:
        raise Invalid(f"a title to look for has at most {TERM} characters", param="title")
    if len(filters.metadata) > _MOST_METADATA:
        raise Invalid(f"metadata has at most {_MOST_METADATA} values", param="metadata")
    for pair in filters.metadata:
        if "=" not in pair:
            raise Invalid(f"metadata: {pair[:64]!r} is not KEY=VALUE", param="metadata")
    filters = spelled(filters)
    for name, own in (("user", principal.user_id), ("app", principal.app)):
        if own is not None:
            values, field = getattr(filters, NONE[name]), NONE[name]
            is_theirs = own in values or not (values or name in filters.none)
            none = tuple(each for each in filters.none if each != name)
            filters = msgspec.structs.replace(
                filters, none=none, **{field: (own,) if is_theirs else (NOBODY,)}
            )
    return filters
