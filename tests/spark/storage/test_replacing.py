"""Tables are replaced together: after a kill at any step and a restart, all are old or all are new."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spark.storage import publishing, replacing
from spark.storage.paths import AnyPath
from spark.storage.publishing import Written, publish, read_marker
from spark.storage.replacing import REPLACEMENT, finish_replacing, replace_tables

OLD, NEW = Written(2, 1, 1.0, {"rows": 1}), Written(2, 2, 2.0, {"rows": 0}, filters=("a",))
TABLES = ("metrics/model=x", "rejected/model=x")
GONE = "metrics/model=none"
STEPS = [(replacing, "rename"), (replacing, "write_at_once"), (replacing, "publish"), (replacing, "withdraw")]
STEPS += [(replacing, "discard"), (publishing, "write_at_once"), (publishing, "rename"), (publishing, "copy_file")]
STEPS += [(publishing, "discard")]


class Killed(BaseException):
    """The run is killed here."""


def write(directory: AnyPath, content: str) -> AnyPath:
    for name in ("a.parquet", "b.parquet"):
        directory.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(content + name)
    return directory


def contents(run: AnyPath) -> dict[str, str | None]:
    """Return the content of each table that is complete, by its path; None for the others."""
    found = {table: read_marker(run, table) for table in (*TABLES, GONE)}
    return {table: (run / table / "a.parquet").read_text() if written else None for table, written in found.items()}


def publish_old(run: AnyPath) -> None:
    for table in (*TABLES, GONE):
        publish(write(run / "_temporary" / "old", "old "), run, table, OLD)


def replace_old(run: AnyPath) -> None:
    tables = {table: (write(run / "_temporary" / table, "new "), NEW) for table in TABLES}
    replace_tables(run, tables, [GONE])


def test_tables_are_replaced_and_withdrawn(directory: AnyPath) -> None:
    publish_old(directory)
    replace_old(directory)
    assert contents(directory) == {TABLES[0]: "new a.parquet", TABLES[1]: "new a.parquet", GONE: None}
    marker = read_marker(directory, TABLES[0])
    assert marker is not None and (marker.filters, marker.rows_rejected) == (["a"], 2)
    assert not (directory / REPLACEMENT).exists()
    finish_replacing(directory)
    assert contents(directory)[TABLES[0]] == "new a.parquet"


@pytest.mark.parametrize("before", range(40))
def test_a_run_that_is_killed_before_any_step_keeps_all_old_or_all_new_tables(
    tmp_path: Path, before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_old(tmp_path)
    steps = 0

    def counted(step: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == before + 1:
                raise Killed
            return step(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        for module, name in STEPS:
            patch.setattr(module, name, counted(getattr(module, name)))
        try:
            replace_old(tmp_path)
        except Killed:
            pass
        else:
            assert before >= 15  # all steps were tried
    finish_replacing(tmp_path)
    found = set(contents(tmp_path).items())
    old = {(table, "old a.parquet") for table in (*TABLES, GONE)}
    new = {*((table, "new a.parquet") for table in TABLES), (GONE, None)}
    assert found in (old, new)
    assert not (tmp_path / REPLACEMENT).exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"tables": {"metrics/x": {}}, "withdrawn": []}', '{"tables": 3}'])
def test_a_damaged_journal_replaces_nothing(tmp_path: Path, content: str) -> None:
    publish_old(tmp_path)
    (tmp_path / REPLACEMENT).mkdir()
    (tmp_path / REPLACEMENT / "tables.json").write_text(content)
    finish_replacing(tmp_path)
    assert set(contents(tmp_path).values()) == {"old a.parquet"}
