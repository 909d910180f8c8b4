"""The plan that `--plan` prints, of both programs."""

from __future__ import annotations

import io

from rich.console import Console

from spark.reporting.events import FeaturePlan, Plan, PlannedJob, PlannedTable
from spark.reporting.plans import print_feature_plan, print_plan


def printed(plan: Plan | FeaturePlan) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=40)
    if isinstance(plan, Plan):
        print_plan(console, plan)
    else:
        print_feature_plan(console, plan)
    return file.getvalue().splitlines()


def test_missing_input_is_named_and_lines_are_not_wrapped() -> None:
    job = PlannedJob("mine", "a [b]\x1b.jsonl", None, None, [], ["dataset=mine"])
    assert printed(Plan("r", "out/r", [job], ["repetition", "duplicates"], 1000, 7)) == [
        "mine",
        "  read from:       a [b]\\x1b.jsonl",
        "  tokenizer:       none; give --tokenizer to decode tokens and encode text",
        "  language model:  none",
        "  feature tables:  none; their columns will be null",
        "  written to:      dataset=mine",
        "Filters: repetition, duplicates",
        "Sample: 1,000 sequences per split, seed 7",
        "Output: out/r",
    ]


def test_a_feature_plan_leaves_out_options_that_are_not_used() -> None:
    tables = [
        PlannedTable("duplicates", "c.bin", 1234, 5_600_000, "all of the corpus", None, None, ["duplicates"]),
        PlannedTable("token_frequencies", "c.jsonl", None, 100_000, None, "mine.jsonl", None, ["a", "b"]),
    ]
    assert printed(FeaturePlan("r", "out/r", tables)) == [
        "duplicates",
        "  corpus:          c.bin (1,234 rows, 5.6 MB)",
        "  sequences:       all of the corpus",
        "  strategy:        chosen after the sequences are counted",
        "  written to:      duplicates",
        "token_frequencies",
        "  corpus:          c.jsonl (number of rows not known yet, 0.1 MB)",
        "  memorized:       mine.jsonl",
        "  written to:      a, b",
        "Output: out/r",
    ]
