"""What is promised, for a store of a million sessions, by kind of store."""

from __future__ import annotations

from msgspec import Struct


class Targets(Struct, frozen=True, kw_only=True):
    """Ratios, times in milliseconds, messages a second; None where nothing is promised."""

    written_list_of_floor: float
    written_list_of_idiomatic: float
    busy_list_of_floor: float
    idiomatic_counts: bool
    list_of_floor: float | None
    not_modified_of_floor: float | None
    dialect_of_native: float
    history_of_floor: float | None
    append_of_idiomatic: float
    one_session_of_many: float
    imported: float
    common_word_ms: float
    rare_word_ms: float
    title_ms: float = 1.0
    growth: float = 1.3
    search_growth: float = 2.0
    tail: float = 5.0
    neighbour_ms: float = 20.0
    spans: float = 10_000
    beside_spans: float = 1.5
    resident_mib: float = 150.0
    memory_growth: float = 1.1
    on_disk: float | None = None


TARGETS = {
    "sqlite": Targets(
        written_list_of_floor=0.25,
        written_list_of_idiomatic=100,
        busy_list_of_floor=0.25,
        idiomatic_counts=True,
        list_of_floor=0.45,
        not_modified_of_floor=0.6,
        dialect_of_native=1.3,
        history_of_floor=0.25,
        append_of_idiomatic=8,
        one_session_of_many=0.8,
        imported=10_000,
        common_word_ms=5,
        rare_word_ms=1,
        on_disk=2.2,
    ),
    "postgresql": Targets(
        written_list_of_floor=0.15,
        written_list_of_idiomatic=15,
        busy_list_of_floor=0.15,
        idiomatic_counts=False,
        list_of_floor=None,
        not_modified_of_floor=None,
        dialect_of_native=1.3,
        history_of_floor=None,
        append_of_idiomatic=10,
        one_session_of_many=0.8,
        imported=8_000,
        common_word_ms=70,
        rare_word_ms=5,
    ),
}

OF_PEERS = {"list": 30.0, "history": 12.0, "append": 15.0, "search": 30.0}
"""Against the best peer of each kind, as shares of the floor."""
