"""The benchmark runs from data to table on real servers, small enough for every test run."""

from __future__ import annotations

from pathlib import Path

from hansard_bench.run import Options, Run
from hansard_bench.table import summary


def test_a_tiny_run_measures_real_servers_and_tells_it(tmp_path: Path) -> None:
    names: list[str] = []
    options = Options(
        size="tiny",
        idiomatic=False,
        only=(
            "written_list",
            "busy_list",
            "unchanged_list",
            "history",
            "appends",
            "mixed",
            "neighbours",
            "telemetry",
        ),
        soak=0.01,
        build=tmp_path,
    )
    report = Run(options, names.append).report()
    failed = [row for row in report.rows if row.what.endswith("failed")]
    assert not failed
    assert [name for name in names if name.endswith("written_list")]
    by_name = {row.what: row for row in report.rows}
    written = by_name["list newest 50 + exact total, a write between any two"]
    assert written.floor is not None
    assert 0 < written.floor <= 1
    busy = by_name["the list for 16 readers, 200 appends a second beside them"]
    assert busy.floor is not None
    assert busy.figures["p99_ms"] > 0
    assert by_name["history: last 50 messages of a session of 400"].floor is not None
    beside = [row for row in report.rows if row.what.startswith("p99 beside ")]
    assert len(beside) == 6
    assert all(row.figures["reads_ms"] > 0 and row.figures["appends_ms"] > 0 for row in beside)
    assert all(
        "200" in row.note or "201" in row.note for row in beside if "hostile" not in row.what
    )
    (spans,) = (row for row in report.rows if row.what.startswith("spans of calls"))
    assert spans.figures["spans_per_second"] > 0
    assert spans.figures["lists_ratio"] > 0
    assert spans.figures["appends_ratio"] > 0
    (mixed,) = (row for row in report.rows if row.what.startswith("spans in batches"))
    assert mixed.figures["spans_per_second"] > 0
    assert str(report.facts["sessions"]) in summary(report)
