"""A short `make chaos`: a run that is killed three times must end with the table of one that is not."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chaos import checks
from chaos.data import make_data
from chaos.harness import Harness
from chaos.kills import start_and_kill
from chaos.moments import before_operation, when_a_part_appears, when_a_split_begins
from chaos.tables import visible_files, visible_tables
from sample.paths import tokenizer_path

ROWS = 4_000
OPTIONS = ("--filters", "repetition,compressibility", "--tokenizer", str(tokenizer_path()))


@pytest.mark.timeout(600)
def test_a_run_that_is_killed_again_and_again_ends_with_the_same_tables(tmp_path: Path) -> None:
    make_data(tmp_path / "data", ROWS)
    datasets = f"{tmp_path / 'data' / 'memories'},{tmp_path / 'data' / 'random.parquet'}"
    harness, random = Harness(("--datasets", datasets, *OPTIONS), tmp_path), Random(0)
    harness.run_undisturbed("undisturbed")
    run = harness.run_directory("killed")
    in_the_middle = before_operation(run, random.randint(15, harness.operations // 2), tmp_path / "operations")
    assert start_and_kill(harness, random, "killed", "driver", in_the_middle) == -9
    assert start_and_kill(harness, random, "killed", "jvm", when_a_part_appears(run, random.uniform(0, 0.2))) == 1
    assert start_and_kill(harness, random, "killed", "worker", when_a_split_begins(run, random.uniform(0, 1))) == 0
    harness.compare("killed")
    assert harness.tally.faults == []
    assert dict(harness.tally.kills) == {"driver": 1, "jvm": 1, "worker": 1}


TABLE = pa.table({"sequence_id": range(100), "tokens": [[number] * 4 for number in range(100)]})
NAME = "metrics/dataset=a/scheme=b/model=c"


def write_run(run: Path, *tables: pa.Table) -> Path:
    """A run's directory with one table in so many files."""
    (run / NAME).mkdir(parents=True)
    for number, table in enumerate(tables):
        pq.write_table(table, run / NAME / f"part-{number}.parquet")
    (run / "run.json").write_text(
        '{"status": "complete", "splits": [{"rows_read": 5, "rows_measured": 5, "rows_rejected": 0, "split": "a"}]}'
    )
    return run


@pytest.mark.parametrize(
    "tables",
    [
        pytest.param((TABLE.slice(0, 99),), id="a row is lost"),
        pytest.param((TABLE, TABLE.slice(7, 1)), id="a row is doubled"),
        pytest.param((TABLE.slice(0, 50), TABLE.slice(49, 50)), id="one is lost and one doubled"),
        pytest.param(
            (TABLE.set_column(1, "tokens", TABLE["tokens"].take([1, 0, *range(2, 100)])),), id="values swapped"
        ),
        pytest.param((TABLE.rename_columns(["sequence_id", "Tokens"]),), id="another name"),
    ],
)
def test_a_table_that_is_not_the_same_is_seen(tmp_path: Path, tables: tuple[pa.Table, ...]) -> None:
    expected = visible_tables(write_run(tmp_path / "expected", TABLE))
    run = write_run(tmp_path / "run", *tables)
    assert any(NAME in fault for fault in checks.nothing_looks_complete_and_is_not(run, expected))
    assert any(NAME in fault for fault in checks.run_is_whole(run, expected, checks.layout_of(run)))


def test_the_order_of_rows_and_files_is_no_difference(tmp_path: Path) -> None:
    expected = visible_tables(write_run(tmp_path / "expected", TABLE))
    run = write_run(tmp_path / "run", TABLE.slice(60), TABLE.slice(0, 60).take(list(range(59, -1, -1))))
    assert checks.nothing_looks_complete_and_is_not(run, expected) == []
    assert checks.run_is_whole(run, expected, checks.layout_of(run)) == []


def test_what_is_missing_left_over_written_again_or_damaged_is_seen(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", TABLE)
    expected, layout, before = visible_tables(run), checks.layout_of(run), visible_files(run)
    assert checks.complete_splits_are_untouched(run, before, expected) == []
    (run / "_temporary").mkdir()
    assert checks.run_is_whole(run, expected, layout) == ["left over: _temporary"]
    (run / "_temporary").rmdir()
    (run / NAME / "part-0.parquet").rename(run / "moved.parquet")
    assert checks.run_is_whole(run, expected, layout) == [f"{NAME} is missing"]
    pq.write_table(TABLE, run / NAME / "part-0.parquet")
    assert checks.complete_splits_are_untouched(run, before, expected) == [
        f"was complete, and was written again: {NAME}"
    ]
    (run / NAME / "part-0.parquet").write_bytes(b"PAR1 and no more")
    assert "unreadable" in checks.nothing_looks_complete_and_is_not(run, expected)[0]
    (run / "run.json").write_text('{"status": ')
    assert any("run.json" in fault for fault in checks.nothing_looks_complete_and_is_not(run, {}))
