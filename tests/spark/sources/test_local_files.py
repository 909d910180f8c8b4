"""Patterns of paths, and numbered files of which some are missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spark.metrics.configuration import build_configuration
from spark.metrics.planning import plan_sequence_tables
from spark.sources.catalog import TableLocation
from spark.sources.corpora import resolve_corpus
from spark.sources.local_files import find_files
from spark.sources.patterns import base_of, matching_paths
from spark.sources.resolver import Resolver
from spark.sources.shards import require_all_shards
from spark.storage.paths import AnyPath
from tests.spark.sources.test_token_file import rows_of
from tests.spark.storage.conftest import *  # noqa: F403
from utils import UserError

FILES = ("a.jsonl", "b.jsonl", "more/c.jsonl", "more/d.csv", "_hidden.jsonl", "more/deep/e.jsonl")


@pytest.fixture
def tree(directory: AnyPath) -> AnyPath:
    """Write one row to each of some files, here or in an object store."""
    for name in FILES:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"tokens\n1\n" if name.endswith("csv") else b'{"tokens": [1]}\n')
    return directory


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.jsonl", ["a.jsonl", "b.jsonl"]),
        ("[b-z].jsonl", ["b.jsonl"]),
        ("?.jsonl", ["a.jsonl", "b.jsonl"]),
        ("mor?/*.jsonl", ["more/c.jsonl"]),
        ("**/*.jsonl", ["a.jsonl", "b.jsonl", "more/c.jsonl", "more/deep/e.jsonl"]),
        ("more/**/e.*", ["more/deep/e.jsonl"]),
        ("x*", []),
        ("x/*", []),
    ],
)
def test_pattern_stands_for_files(tree: AnyPath, pattern: str, expected: list[str]) -> None:
    if expected:
        found = find_files(tree / pattern)
        assert [str(path) for path in found] == [str(tree.resolve() / name) for name in expected]
    else:
        with pytest.raises(UserError, match="no such file or directory"):
            find_files(tree / pattern)


def test_pattern_of_folders_finds_the_files_in_them(tmp_path: Path) -> None:
    for name in ("x-1/a.jsonl", "x-2/b.jsonl", "y/c.jsonl"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text('{"tokens": [1]}\n')
    assert [path.name for path in find_files(tmp_path / "x-*")] == ["a.jsonl", "b.jsonl"]
    assert base_of(tmp_path / "x-*" / "*.jsonl") == tmp_path
    (tmp_path / "x-[12]").mkdir()  # a path that is there is no pattern
    assert matching_paths(tmp_path / "x-[12]") == ()


def test_pattern_is_a_dataset_and_a_corpus(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text('{"tokens": [1]}\n')
    (tmp_path / "c.csv").write_text("tokens\n")
    (tmp_path / "tokenizer.json").write_text("{}")
    pattern = str(tmp_path / "*.jsonl")
    (table,) = plan_sequence_tables(build_configuration({"datasets": pattern, "filters": "repetition"}))
    assert (table.dataset, table.location) == (tmp_path.name, TableLocation(pattern, is_local=True))
    assert table.tokenizer == str(tmp_path / "tokenizer.json")
    (tmp_path / "tokenizer.json").unlink()
    assert rows_of(resolve_corpus(pattern, 3, None, Resolver(tmp_path, {}, print)))


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        pytest.param(["t-00000-of-00003", "t-00002-of-00003"], "t-00001-of-00003.parquet", id="middle"),
        pytest.param(["t-00000-of-00003", "t-00001-of-00003"], "t-00002-of-00003.parquet", id="last"),
        pytest.param(["a-000-of-002", "a-001-of-002", "b-001-of-002"], "b-000-of-002.parquet", id="of the second"),
        pytest.param(["t.00002-of-00002"], "t.00000-of-00002.parquet, t.00001-of-00002.parquet", id="last is total"),
        pytest.param(["t-00007-of-01000"], r"and 996 more", id="many"),
        pytest.param(["t-00000-of-00002", "t-00001-of-00002"], None, id="whole"),
        pytest.param(["t-00000-of-00001", "t-00001-of-00001"], None, id="whole, last is total"),
        pytest.param(["t-00000-of-00002-0123456789abcdef", "t-00001-of-00002-fedcba9876543210"], None, id="hash"),
    ],
)
@pytest.mark.parametrize("is_hub_layout", [False, True])
def test_numbered_files_must_all_be_there(
    write_parquet: Callable[..., Path], tmp_path: Path, names: list[str], missing: str | None, is_hub_layout: bool
) -> None:
    for name in names:
        path = write_parquet(f"d/{name}.parquet", {"tokens": [[1]]})
    if is_hub_layout:
        (path.parent / "README.md").touch()
    resolver, location = Resolver(tmp_path / "cache", {}, lambda _: None), TableLocation(str(path.parent), None, True)
    if missing is None:
        assert resolver.files(location).rows == len(names)
        return
    with pytest.raises(UserError, match=f"{path.parent}: expected .* files named .*: missing .*{missing}"):
        resolver.files(location)
    assert len(find_files(path.parent / "*-of-*")) == len(names)
    assert find_files(path) == (path,)


def test_total_may_be_the_number_of_the_last_file() -> None:
    with pytest.raises(
        UserError, match=r"d: expected 3 files named t-…-of-002\.bin, found 2: missing t-001-of-002\.bin"
    ):
        require_all_shards("d", [Path("t-000-of-002.bin"), Path("t-002-of-002.bin")])
