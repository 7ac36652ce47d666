"""PostgreSQL reads a row again when it has waited for its lock; what else the statement reads stays as it was before the wait."""

from __future__ import annotations

import re

from hansard.store import statements

WAITING = re.compile(r"\bfor update\b|^\s*(?:update|delete)\b", re.IGNORECASE)
TABLE = re.compile(r"\b(?:from|join|using)\s+(?!unnest|json_)(\w+)", re.IGNORECASE)
COMMENT = re.compile(r"--.*")
KNOWN = {
    "lapse_reset": "its caller has locked the row by an earlier statement",
    "bulk_change_trim": "it deletes by age; what becomes old meanwhile is left to the next trim",
    "restored": "nobody else uses the store that a backup is restored into",
}
"""Statements that wait for one row and read other tables."""


def reads_beside_a_lock(sql: str) -> bool:
    """Whether a statement waits for rows of one table and reads others, or the same once more."""
    bare = COMMENT.sub("", sql)
    tables = TABLE.findall(bare)
    locked = re.match(r"\s*update\s+\w+", bare, re.IGNORECASE) is None
    return WAITING.search(bare) is not None and len(tables) > locked


def test_what_waits_for_a_row_reads_nothing_else() -> None:
    named = statements.load("postgres")
    assert {name for name, sql in named.items() if reads_beside_a_lock(sql)} == KNOWN.keys()


def test_a_hash_that_is_read_beside_a_lock_is_caught() -> None:
    assert reads_beside_a_lock(
        "select id, (select hash from messages as m where m.session_id = s.id and m.seq = s.last_seq)"
        " from sessions as s where id = :id for update of s"
    )
    assert reads_beside_a_lock("update a set n = (select max(n) from b)")
    assert not reads_beside_a_lock("select id from sessions where id = :id for update")
