"""What an import is asked for, and what it tells of itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import tzinfo

from msgspec import Struct

from hansard.model.transfer import Verdict

REMARKS = 100
"""The most different remarks in a report."""
PROBLEMS = 100
"""The most bad records that a report explains; it counts the others."""


class Options(Struct, frozen=True, kw_only=True):
    """How to read: ``format`` None is judged by each file.

    ``keep_branches`` makes sessions of what lies beside the current line.  ``dry_run`` finds out
    what would happen; ``resume`` goes on where an import of the same file was broken off.  Without
    ``audited`` the audit log does not get it: it is one of many that follow a growing file.
    """

    format: str | None = None
    zone: tzinfo | None = None
    channel: str | None = None
    dry_run: bool = False
    resume: bool = False
    keep_branches: bool = True
    audited: bool = True


class Progress(Struct, frozen=True, kw_only=True):
    """Where an import stands: ``position`` of ``size`` bytes of ``file`` are read."""

    file: str
    position: int
    size: int | None
    new: int
    same: int
    updated: int
    bad: int
    messages: int


class Problem(Struct, frozen=True):
    """A record that was passed over."""

    file: str
    """The file, as it was named."""
    record: int
    """The number of the record in the file, from 1."""
    reason: str
    """Why it cannot be read."""


class UnreadFile(Struct, frozen=True):
    """A file that the caller named and from which nothing was read, with the reason."""

    file: str
    reason: str


class Report(Struct, kw_only=True):
    """What became of the sessions: stored, there already, added to, set aside.

    ``format`` is that of the files, several separated by commas, None when none was recognised.
    ``remarks`` count what was noticed in the sessions: content that no format knows, messages
    without any.  ``unread`` are files that the caller named and of which nothing was read;
    ``empty`` counts those with nothing in them. ``earlier`` counts the records that the import
    which is resumed has settled, ``notes`` say what could not be resumed.  ``messages`` counts
    those of the sessions read, ``documents`` those of users, apps and the workspace that were set.
    ``skipped`` are files that are empty or of no known format inside a folder or archive,
    ``errors`` the files that say which records are bad and why, ``problems`` the first hundred of
    these.  ``stopped`` says why the import ended before the files did.
    """

    new: int = 0
    same: int = 0
    updated: int = 0
    bad: int = 0
    earlier: int = 0
    messages: int = 0
    documents: int = 0
    format: str | None = None
    remarks: dict[str, int] = {}
    unread: list[UnreadFile] = []
    empty: int = 0
    stopped: str | None = None
    notes: list[str] = []
    skipped: list[str] = []
    errors: list[str] = []
    problems: list[Problem] = []

    @property
    def is_something(self) -> bool:
        """Whether anything was taken in, now or by the import that is resumed."""
        return bool(self.new or self.same or self.updated or self.earlier or self.documents)

    def recognise(self, name: str) -> None:
        """Note the format of one more file."""
        known = self.format.split(", ") if self.format else []
        self.format = ", ".join(sorted({*known, name}))

    def remark(self, remarks: Mapping[str, int]) -> None:
        """Add what was noticed in a session.

        Of many different remarks the later ones are counted as others.
        """
        for what, count in remarks.items():
            key = what if what in self.remarks or len(self.remarks) < REMARKS else "other remarks"
            self.remarks[key] = self.remarks.get(key, 0) + count

    def outcomes(self) -> Counter[str]:
        return Counter(new=self.new, updated=self.updated, same=self.same, bad=self.bad)

    def count(self, verdict: Verdict, messages: int) -> None:
        setattr(self, verdict.outcome, getattr(self, verdict.outcome) + 1)
        self.messages += messages

    def plus(self, other: Report) -> Report:
        """Both reports as one."""
        merged = Report()
        for report in (self, other):
            for name in report.format.split(", ") if report.format else []:
                merged.recognise(name)
            merged.remark(report.remarks)
            merged.problems = [*merged.problems, *report.problems][:PROBLEMS]
            merged.stopped = merged.stopped or report.stopped
            for field in _COUNTS:
                setattr(merged, field, getattr(merged, field) + getattr(report, field))
        return merged


_COUNTS = (
    "new",
    "same",
    "updated",
    "bad",
    "earlier",
    "messages",
    "documents",
    "empty",
    "unread",
    "notes",
    "skipped",
    "errors",
)
