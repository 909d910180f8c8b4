"""What a person reads at the end of a run: one line a table, then what failed, was rejected, or is null."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from spark.reporting.events import Deduplicated
from spark.reporting.summary import NAMED, print_deduplication, print_summary

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


def summary(*tables: dict[str, Any]) -> list[str]:
    file = io.StringIO()
    print_summary(Console(file=file, width=100), tables, "out/r")
    return [" ".join(line.split()) for line in file.getvalue().splitlines()]


def test_shares_are_of_the_rows_and_of_the_scored_rows() -> None:
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
        ({"rows_rejected": 1234}, "Rejected: 1,234 rows of mine 70m, with their reasons in rejected/"),
        ({"counts": {"rows": 0, "too_short": 5}}, "Left out: 5 sequences of mine 70m end before their window does"),
        ({"counts": {"rows": 0, "absent": 5}}, "Not in the corpus: 5 of the sequences of mine 70m"),
    ],
)
def test_what_is_missing_from_a_table_is_said(changes: dict[str, Any], line: str) -> None:
    assert line not in summary(TABLE)
    assert line in summary(TABLE | changes)


def test_null_columns_are_named_once_for_each_reason_and_only_some_of_them() -> None:
    many = {f"c{number}": "no table" for number in range(NAMED + 2)}
    lines = summary(
        TABLE | {"null_columns": many}, TABLE | {"null_columns": {"c0": "no table", "text": "no tokenizer"}}
    )
    assert [line for line in lines if line.startswith("Null: ")] == [
        "Null: c0, c1, c2, c3, c4, c5 and 2 more (run.json lists them): no table",
        "Null: text: no tokenizer",
    ]


def test_a_deduplication_shows_what_each_threshold_removes() -> None:
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
        "or at 0.9 1 0.0% 1 0.0%",
    ]
