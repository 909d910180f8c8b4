"""The summary: one line per table, then failures, rejected rows and null columns."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pytest
from rich.console import Console

from spark.reporting.events import Deduplicated, Finding
from spark.reporting.summary import COLUMNS_SHOWN, print_deduplication, print_summary

TABLE: dict[str, Any] = {
    "table": "mine 70m",
    "status": "complete",
    "rows_measured": 1000,
    "rows_rejected": 0,
    "rows_per_second": 50.0,
    "from_an_earlier_run": False,
    "counts": {"rows": 1000, "code": 100, "scored": 200, "memorized": 50},
    "null_columns": {},
}
FAILED = {"table": "bad", "status": "failed", "error": "it is damaged"}


def summary(*tables: dict[str, Any], findings: Sequence[Finding] = ()) -> list[str]:
    file = io.StringIO()
    print_summary(Console(file=file, width=100), tables, "out/r", findings)
    return [" ".join(line.split()) for line in file.getvalue().splitlines()]


def test_shares_are_of_all_rows_and_memorized_is_of_the_scored_rows() -> None:
    assert summary(TABLE) == ["table rows rows/s code memorized", "mine 70m 1,000 50 10.0% 25.0%", "Output: out/r"]


def test_a_share_that_a_table_did_not_count_is_a_dash() -> None:
    other = TABLE | {"table": "other", "counts": {"rows": 1000, "repeating": 1}}
    assert summary(TABLE, other)[:3] == [
        "table rows rows/s repeats code memorized",
        "mine 70m 1,000 50 - 10.0% 25.0%",
        "other 1,000 50 0.1% - -",
    ]


def test_a_table_of_an_earlier_run_has_no_speed_and_a_failed_one_no_numbers() -> None:
    assert summary(TABLE | {"from_an_earlier_run": True}, FAILED)[1:] == [
        "mine 70m 1,000 earlier 10.0% 25.0%",
        "bad failed",
        "Failed: bad: it is damaged",
        "Output: out/r",
    ]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"rows_rejected": 1234}, "Rejected: 1,234 rows of mine 70m (reasons in rejected/)"),
        ({"rows_rejected": 1}, "Rejected: 1 row of mine 70m (reasons in rejected/)"),
        (
            {"counts": {"rows": 0, "too_short": 5}},
            "Skipped: 5 sequences of mine 70m (shorter than prompt and continuation)",
        ),
        (
            {"rows_rejected": 1015, "rejected_by_kind": {"no_tokens": 1012, "repeated_id": 3}},
            "Rejected: 1,015 rows of mine 70m: 1,012 no tokens, 3 repeated id (reasons in rejected/)",
        ),
        ({"counts": {"rows": 0, "absent": 5}}, "Skipped: 5 sequences of mine 70m (not in the corpus)"),
    ],
)
def test_missing_rows_are_reported(changes: dict[str, Any], line: str) -> None:
    assert line not in summary(TABLE)
    assert line in summary(TABLE | changes)


def test_counts_with_other_settings_than_described_are_reported_once() -> None:
    differs = [{"setting": "jaccard_threshold", "counted_with": 0.7, "described": 0.8}]
    joined = {"feature": "near_duplicates", "location": "a/b", "differs": differs}
    table = TABLE | {"feature_tables": [joined, joined | {"differs": []}]}
    lines = [line for line in summary(table, table) if line.startswith("Joined")]
    assert lines == ["Joined: near_duplicates counted with --jaccard_threshold 0.7, not 0.8 (a/b)"]


def test_each_kind_of_missing_row_is_reported() -> None:
    lines = summary(TABLE | {"rows_rejected": 3, "counts": {"rows": 7, "too_short": 5}})
    assert [line.split(":")[0] for line in lines[-3:]] == ["Rejected", "Skipped", "Output"]


def test_null_columns_are_grouped_by_reason_and_shortened() -> None:
    many = {f"c{number}": "no table" for number in range(COLUMNS_SHOWN + 2)}
    lines = summary(
        TABLE | {"null_columns": many}, TABLE | {"null_columns": {"c0": "no table", "text": "no tokenizer"}}
    )
    assert [line for line in lines if line.startswith("Null: ")] == [
        "Null: c0, c1, c2, c3, c4, c5 and 2 more in run.json (no table)",
        "Null: text (no tokenizer)",
    ]


def test_the_first_findings_are_printed_before_the_directory() -> None:
    of_table = Finding("memorized", "1 of 10 \x1b", "mine 70m", None, ())
    found = [of_table, *[Finding("models", "the larger model", None, True, ())] * 11]
    assert summary(TABLE, findings=found)[2:] == [
        "Found: mine 70m: 1 of 10 \\x1b",
        *["Found: the larger model"] * 9,
        "Found: 2 more findings, in run.json",
        "Output: out/r",
    ]


def test_a_deduplication_shows_the_removals_of_each_threshold() -> None:
    def line(method: str, threshold: float | None, is_applied: bool, removed: int, of: int) -> dict[str, Any]:
        kinds = {
            key: value
            for kind in ("documents", "tokens")
            for key, value in ((f"{kind}_removed", removed), (f"share_of_{kind}_removed", removed / of if of else None))
        }
        return {"method": method, "threshold": threshold, "is_applied": is_applied, **kinds}

    lines = [line("exact", None, True, 0, 0), line("fuzzy", 0.8, True, 1000, 4000), line("fuzzy", 0.9, False, 1, 4000)]
    file = io.StringIO()
    print_deduplication(Console(file=file, width=100), Deduplicated("deduplication", lines))
    assert [" ".join(line.split()) for line in file.getvalue().splitlines()] == [
        "deduplication threshold documents removed tokens removed",
        "exact 0 - 0 -",
        "fuzzy 0.8 1,000 25.0% 1,000 25.0%",
        "not applied 0.9 1 0.0% 1 0.0%",
    ]
