"""The checks of `make chaos` find every fault in a run's directory, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chaos import checks
from chaos.moments import hidden_parts, table_directories
from chaos.tables import canonical, visible_files, visible_tables

TABLE = pa.table({"sequence_id": range(100), "tokens": [[number] * 4 for number in range(100)]})
NAME = "metrics/dataset=a/scheme=b/model=c"


def write_run(run: Path, *tables: pa.Table) -> Path:
    """Write a run's directory with one table, one file per argument."""
    (run / NAME).mkdir(parents=True)
    for number, table in enumerate(tables):
        pq.write_table(table, run / NAME / f"part-{number}.parquet")
    (run / "run.json").write_text(
        '{"status": "complete", "tables": [{"rows_read": 5, "rows_measured": 5, "rows_rejected": 0, "table": "a"}]}'
    )
    return run


@pytest.mark.parametrize(
    "tables",
    [
        pytest.param((TABLE.slice(0, 99),), id="lost row"),
        pytest.param((TABLE, TABLE.slice(7, 1)), id="duplicated row"),
        pytest.param((TABLE.slice(0, 50), TABLE.slice(49, 50)), id="lost and duplicated row"),
        pytest.param(
            (TABLE.set_column(1, "tokens", TABLE["tokens"].take([1, 0, *range(2, 100)])),), id="values swapped"
        ),
        pytest.param((TABLE.rename_columns(["sequence_id", "Tokens"]),), id="another name"),
    ],
)
def test_a_different_table_is_a_fault(tmp_path: Path, tables: tuple[pa.Table, ...]) -> None:
    expected = visible_tables(write_run(tmp_path / "expected", TABLE))
    run = write_run(tmp_path / "run", *tables)
    assert any(NAME in fault for fault in checks.visible_tables_are_complete(run, expected))
    assert any(NAME in fault for fault in checks.run_is_complete(run, expected, checks.other_paths(run)))


def test_the_order_of_rows_and_files_does_not_matter(tmp_path: Path) -> None:
    expected = visible_tables(write_run(tmp_path / "expected", TABLE))
    run = write_run(tmp_path / "run", TABLE.slice(60), TABLE.slice(0, 60).take(list(range(59, -1, -1))))
    assert checks.visible_tables_are_complete(run, expected) == []
    assert checks.run_is_complete(run, expected, checks.other_paths(run)) == []


def test_missing_leftover_rewritten_and_damaged_files_are_faults(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", TABLE)
    expected, paths, before = visible_tables(run), checks.other_paths(run), visible_files(run)
    assert checks.complete_jobs_are_unchanged(run, before, expected) == []
    (run / "_temporary").mkdir()
    assert checks.run_is_complete(run, expected, paths) == ["left over: _temporary"]
    (run / "_temporary").rmdir()
    (run / NAME / "part-0.parquet").rename(run / "moved.parquet")
    assert checks.run_is_complete(run, expected, paths) == [f"{NAME} is missing"]
    assert checks.run_is_complete(run, expected, paths | {"note.txt"}) == [f"{NAME} is missing", "note.txt is missing"]
    pq.write_table(TABLE, run / NAME / "part-0.parquet")
    assert checks.complete_jobs_are_unchanged(run, before, expected) == [f"was complete, but was written again: {NAME}"]
    (run / NAME / "part-0.parquet").write_bytes(b"PAR1 and no more")
    assert "unreadable" in checks.visible_tables_are_complete(run, expected)[0]
    (run / "run.json").write_text('{"status": ')
    assert any("run.json" in fault for fault in checks.visible_tables_are_complete(run, {}))


def write_table(directory: Path, table: pa.Table = TABLE) -> None:
    """Write a table as build_features.py publishes it."""
    directory.mkdir(parents=True)
    pq.write_table(table, directory / "part-00000.parquet")


def test_visible_tables_are_those_that_readers_find(tmp_path: Path) -> None:
    for name in ("near-duplicates/duped", "deduplication", "_temporary/a/b", ".hidden", "spark-events"):
        write_table(tmp_path / name)
    write_table(tmp_path / "near-duplicates" / "_temporary")
    (tmp_path / "near-duplicates" / "README.md").write_text("a card, no table")
    (tmp_path / "run.json").write_text("{}")
    assert set(visible_files(tmp_path)) == {"near-duplicates/duped", "deduplication"}
    assert visible_tables(tmp_path / "no such run") == {}


def test_hidden_files_are_not_published_tables(tmp_path: Path) -> None:
    write_table(tmp_path / "num-frequencies" / "memorized")
    write_table(tmp_path / "_temporary" / "attempt" / "table-0")
    (tmp_path / "num-frequencies" / "README.md").write_text("a card")
    assert hidden_parts(tmp_path) == {tmp_path / "_temporary" / "attempt" / "table-0" / "part-00000.parquet"}
    assert table_directories(tmp_path) == {tmp_path / "num-frequencies" / "memorized"}


@pytest.mark.parametrize("names", [("TokenID", "sequence_id"), ("TokenID", "Frequency")])
def test_canonical_sorts_rows_by_their_key(names: tuple[str, str]) -> None:
    table = pa.table(dict(zip(names, ([3, 1, 2], [5, 7, 6]), strict=True)))
    in_order = [[3, 2, 1], [5, 6, 7]] if "sequence_id" in names else [[1, 2, 3], [7, 6, 5]]
    assert list(canonical(table).to_pydict().values()) == in_order
    assert canonical(pa.concat_tables([table, table.slice(1)])).equals(
        canonical(pa.concat_tables([table.slice(1), table]))
    )


@pytest.mark.parametrize(
    ("table", "job"),
    [
        ("metrics/dataset=memories/scheme=b/model=c", "dataset=memories/scheme=b/model=c"),
        ("rejected/dataset=memories/scheme=b/model=c", "dataset=memories/scheme=b/model=c"),
        ("metrics/dataset=a/scheme=b/model=c", "dataset=a"),
        ("duped-num-frequencies/memorized", "duped-num-frequencies"),
        ("duped-num-frequencies/non_memorized", "duped-num-frequencies"),
        ("deduplication/duped/corpus", "deduplication/duped"),
        ("deduplication/removed", "deduplication"),
        ("deduplication/duped/summary", "deduplication/duped"),
        ("near-duplicates/duped", "near-duplicates/duped"),
        ("near-duplicates", "near-duplicates"),
    ],
)
def test_job_of_a_table(table: str, job: str) -> None:
    assert checks.job_of(table) == job


def test_tables_built_together_are_complete_together(tmp_path: Path) -> None:
    write_table(tmp_path / "num-frequencies" / "memorized")
    write_table(tmp_path / "near-duplicates")
    expected = dict.fromkeys(
        ("num-frequencies/memorized", "num-frequencies/non_memorized", "near-duplicates", "rejected/dataset=a"),
        visible_tables(tmp_path)["near-duplicates"],
    )
    assert checks.complete_jobs(visible_files(tmp_path), expected) == {"near-duplicates"}


def test_run_json_and_the_card_name_every_table_of_a_feature(tmp_path: Path) -> None:
    for name in ("duped", "deduped"):
        write_table(tmp_path / "near-duplicates" / name)
    card, record = tmp_path / "README.md", tmp_path / "run.json"
    table = '{"table": "near_duplicates", "rows_read": 500, "rows_measured": 100, "rows_rejected": 0}'
    lines = [f"path: near-duplicates/{name}/*.parquet\n" for name in ("deduped", "duped")]
    card.write_text("".join(lines))
    record.write_text(f'{{"status": "complete", "tables": [{table}, {table}]}}')
    expected, paths = visible_tables(tmp_path), checks.other_paths(tmp_path)
    assert checks.run_is_complete(tmp_path, expected, paths) == []
    card.write_text(lines[0])
    record.write_text(f'{{"status": "complete", "tables": [{table}]}}')
    assert checks.run_is_complete(tmp_path, expected, paths) == [
        "README.md does not name near-duplicates/duped",
        "run.json names 1 tables of 2",
    ]


def test_inconsistent_row_counts_are_a_fault(tmp_path: Path) -> None:
    run = write_run(tmp_path, TABLE)
    (run / "run.json").write_text((run / "run.json").read_text().replace('"rows_read": 5', '"rows_read": 6'))
    faults = checks.run_is_complete(run, visible_tables(run), checks.other_paths(run))
    assert faults == ["rows of a in run.json do not add up"]
