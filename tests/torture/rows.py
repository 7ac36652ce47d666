"""A row of the table of torture: one fault on one backend, and what it did."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.reliability import soundness
from tests.reliability.load import Figures

Record = tuple[Figures, str]
Work = Callable[[Path], Awaitable[Record]]


class Row:
    """A fault on a backend; `seeded` is one that must be seen."""

    def __init__(self, fault: str, backend: str, work: Work, *, seeded: bool = False) -> None:
        self.fault = fault
        self.backend = backend
        self.seeded = seeded
        self.figures = Figures(0, 0, 0, 0, 0)
        self.note = ""
        self._work = work

    async def run(self) -> None:
        began = time.perf_counter()
        soundness.verdicts()
        with tempfile.TemporaryDirectory() as folder:
            self.figures, self.note = await self._work(Path(folder))
            verdicts = soundness.verdicts()
            for store in soundness.files_in(Path(folder)) - verdicts.keys():
                verdicts[store] = await soundness.faults_of(store)
        self.figures.faults += sum(map(len, verdicts.values()))
        verdict = "ok" if self.is_good else "BAD"
        print(
            f"  {verdict:<3} {self.backend:<9} {self.fault:<45} "
            f"{self.figures}{'; ' + self.note if self.note else ''} "
            f"({time.perf_counter() - began:.0f} s)",
            flush=True,
        )

    @property
    def is_good(self) -> bool:
        return self.figures.acknowledged > 0 and self.figures.is_clean != self.seeded


def file_in(folder: Path) -> str:
    return f"sqlite:///{folder / 'hansard.db'}"
