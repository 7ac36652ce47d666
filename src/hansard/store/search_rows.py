"""Which row of the embedded search index has the words of which message.

A row is a number made of the session's handle and the message's ``seq``, 0 for the title. The index
stores the distance from one row to the next, so that it is smaller where they lie close together: a
session has ``NEAR`` rows beside those of the sessions before and behind it, and the messages beyond
them have theirs far away, where long sessions are alone. Handles below ``first_handle`` of
``storage_form`` are of a store from before, and have all their rows in one stretch of 2^24.

SQL has ``{row_of(handle, seq)}``, and back ``{handle_of(row)}`` and ``{seq_of(row)}``. A session's
rows are those up to ``{last_of(handle)}``, and where it ``{has_far(handle)}`` those from
``{far_of(handle)}`` to ``{last_far_of(handle)}``.
"""

from __future__ import annotations

_BITS = 5
NEAR = 1 << _BITS
FAR = 1 << 56
_FIRST = "(select first_handle from storage_form)"
_SEQ = (1 << 24) - 1

MACROS = {
    "row_of": (
        f"case when {{0}} < {_FIRST} then {{0}} << 24 | {{1}}"
        f" when {{1}} < {NEAR} then {{0}} << {_BITS} | {{1}}"
        f" else {FAR} + ({{0}} - {_FIRST} << 24 | {{1}}) end"
    ),
    "handle_of": (
        f"case when {{0}} >= {FAR} then ({{0}} - {FAR} >> 24) + {_FIRST}"
        f" when {{0}} < {_FIRST} << {_BITS} then {{0}} >> 24 else {{0}} >> {_BITS} end"
    ),
    "seq_of": (
        f"case when {{0}} >= {FAR} then {{0}} - {FAR} & {_SEQ}"
        f" when {{0}} < {_FIRST} << {_BITS} then {{0}} & {_SEQ} else {{0}} & {NEAR - 1} end"
    ),
    "last_of": (
        f"case when {{0}} < {_FIRST} then {{0}} << 24 | {_SEQ}"
        f" else {{0}} << {_BITS} | {NEAR - 1} end"
    ),
    "has_far": f"{{0}} >= {_FIRST}",
    "far_of": f"{FAR} + ({{0}} - {_FIRST} << 24)",
    "last_far_of": f"{FAR} + ({{0}} - {_FIRST} << 24 | {_SEQ})",
    "far": f"{FAR}",
}
