"""What came of a suite."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Outcome:
    """What came of a suite on one backend."""

    suite: str
    version: str
    backend: str
    passed: int = 0
    failed: int = 0
    left_out: int = 0
    reason: str = ""
