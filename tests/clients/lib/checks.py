"""What a client's script prints.

One line per check, which `run.py` reads.  Only the standard library.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

URL: str = os.environ["HANSARD_URL"]
KEY: str = os.environ["HANSARD_KEY"]
SEEDED: dict[str, Any] = json.loads(Path(os.environ["HANSARD_SEEDED"]).read_text("utf-8"))
"""What the server holds, by the short names of `seeded.py`."""

_failures: list[str] = []


@contextmanager
def check(what: str) -> Iterator[None]:
    """One check: the block raises when it does not hold."""
    try:
        yield
    except Exception:  # noqa: BLE001 - whatever a client raises is a failed check
        _failures.append(what)
        lines = traceback.format_exc().strip().splitlines()
        print(f"FAIL\t{what}\t{' | '.join(line.strip() for line in lines[-4:])}", flush=True)
    else:
        print(f"ok\t{what}", flush=True)


def note(text: str) -> None:
    """Say something that is neither a pass nor a failure."""
    print(f"note\t{text}", flush=True)


def expect(seen: object, expected: object) -> None:
    """Equal, or an error that shows both."""
    if seen != expected:
        message = f"expected {expected!r}, saw {seen!r}"
        raise AssertionError(message)


def done() -> NoReturn:
    sys.exit(1 if _failures else 0)
