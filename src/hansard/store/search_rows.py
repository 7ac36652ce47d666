"""Which row of the embedded search index has the words of which message.

A row is a number made of the session's handle and the message's ``seq``, 0 for the title. The index
stores the distance from one row to the next, so that it is smaller where they lie close together: a
session has ``NEAR`` rows beside those of the sessions before and behind it, and the messages beyond
them have theirs far away, where long sessions are alone. Handles below ``first_handle`` of
``storage_form`` are of a store from before, and have all their rows in one stretch of 2^24.
A store that was made in this form has none of those: what asks about many rows is quicker then.

SQL has ``{row_of(handle, seq)}``, and back ``{handle_of(row)}`` and ``{seq_of(row)}``. A session's
rows are those up to ``{last_of(handle)}``, and where it ``{has_far(handle)}`` those from
``{far_of(handle)}`` to ``{last_far_of(handle)}``.
"""

from __future__ import annotations

_BITS = 5
NEAR = 1 << _BITS
FAR = 1 << 56
_SEQ = (1 << 24) - 1
ANY_STORE, NEW_STORE = "(select first_handle from storage_form)", "0"
"""The first handle that has its rows as above, as SQL."""


def macros(first: str) -> dict[str, str]:
    """The expressions by name, for a store with this first handle."""
    near_handle, near_seq = f"{{0}} >> {_BITS}", f"{{0}} & {NEAR - 1}"
    if first != NEW_STORE:
        is_old = f"{{0}} < {first} << {_BITS}"
        near_handle = f"case when {is_old} then {{0}} >> 24 else {near_handle} end"
        near_seq = f"case when {is_old} then {{0}} & {_SEQ} else {near_seq} end"
    return {
        "row_of": (
            f"case when {{0}} < {first} then {{0}} << 24 | {{1}}"
            f" when {{1}} < {NEAR} then {{0}} << {_BITS} | {{1}}"
            f" else {FAR} + ({{0}} - {first} << 24 | {{1}}) end"
        ),
        "handle_of": (
            f"case when {{0}} >= {FAR} then ({{0}} - {FAR} >> 24) + {first} else {near_handle} end"
        ),
        "seq_of": f"case when {{0}} >= {FAR} then {{0}} - {FAR} & {_SEQ} else {near_seq} end",
        "last_of": (
            f"case when {{0}} < {first} then {{0}} << 24 | {_SEQ}"
            f" else {{0}} << {_BITS} | {NEAR - 1} end"
        ),
        "has_far": (
            "exists (select 1 from search_sessions"  # noqa: S608 - numbers, and parameters
            f" where number = {{0}} and number >= {first} and seq >= {NEAR})"
        ),
        "far_of": f"{FAR} + ({{0}} - {first} << 24)",
        "last_far_of": f"{FAR} + ({{0}} - {first} << 24 | {_SEQ})",
        "far": f"{FAR}",
    }
