"""Columns in the names of folders, as `partitionBy` writes them, in sequences, corpora and copies of them."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from spark.corpus.deduplication.copying import copy_without
from spark.sources.catalog import TableLocation
from spark.sources.corpora import resolve_corpus
from spark.sources.input_columns import recognise_columns
from spark.sources.registry import ReadOptions
from spark.sources.resolver import Resolver
from spark.sources.sequences import read_sequences
from spark.sources.source import Source
from tests.spark.sources.test_token_file import rows_of
from utils import UserError

Write = Callable[..., Path]
NULL = "__HIVE_DEFAULT_PARTITION__"


@pytest.fixture
def resolver(tmp_path: Path) -> Resolver:
    return Resolver(tmp_path / "cache", {}, lambda message: None)


def opened(resolver: Resolver, path: Path) -> Source:
    return resolver.files(TableLocation(str(path), is_local=True), ReadOptions())


def read(source: Source, names: list[str] | None = None) -> list[dict[str, Any]]:
    return [row for part in source.parts() for batch in part.batches(names) for row in batch.to_pylist()]


@pytest.fixture
def partitioned(write_parquet: Write) -> Path:
    """Write a file of two rows into each of three partitions."""
    folders = ("lang=de/zip=007/year=1999", "lang=en/zip=10/year=2001", f"lang=a%2Fb/zip=1/year={NULL}")
    for number, folder in enumerate(folders):
        write_parquet(f"p/{folder}/part-0.parquet", {"tokens": [[number], [9]], "n": [number, 9]})
    return write_parquet("q/unused.parquet", {"n": [1]}).parent.parent / "p"


def test_folders_are_columns(partitioned: Path, resolver: Resolver) -> None:
    source = opened(resolver, partitioned)
    assert (source.schema.names, source.rows) == (["tokens", "n", "lang", "zip", "year"], 6)
    assert read(source, ["year", "lang"]) == read(source, ["lang", "year"])
    found = [(row["n"], row["lang"], row["zip"], row["year"]) for row in read(source) if row["n"] != 9]
    assert sorted(found) == [(0, "de", "007", 1999), (1, "en", "10", 2001), (2, "a/b", "1", None)]
    assert source.first_rows(1).total == 6
    pattern = opened(resolver, partitioned / "lang=*")
    assert pattern.schema.names == source.schema.names
    assert opened(resolver, partitioned / "lang=en").schema.names == ["tokens", "n", "zip", "year"]


def test_partitioned_corpus_is_copied_with_its_folders(
    spark: Any, partitioned: Path, resolver: Resolver, tmp_path: Path
) -> None:
    source = opened(resolver, partitioned)
    columns = recognise_columns(source.schema, "p")
    rows = read_sequences(spark, source, columns).collect()
    assert columns.others == ("n", "lang", "zip", "year")
    found = {row["_run_other_0"]: row["_run_other_1"] for row in rows if row["_run_other_0"] != 9}
    assert found == {0: "de", 1: "en", 2: "a/b"}
    assert sorted(row["sequence_id"] for row in rows) == list(range(6))

    corpus = resolve_corpus(str(partitioned), 3, None, resolver)
    assert len(rows_of(corpus)) == 6
    gone = spark.createDataFrame([(0, 0), (0, 1), (1, 1)], "part long, position long")
    assert copy_without(spark, corpus, gone, tmp_path / "copy", spark.sparkContext.accumulator(0)) == 3
    files = sorted(path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*.parquet"))
    kept = [part.partition.folder for part in source.parts()[1:]]  # type: ignore[attr-defined]
    assert files == sorted(f"{folder}/part-00000.parquet" for folder in kept)
    copy = read(opened(resolver, tmp_path / "copy"))
    all_rows = read(source)
    assert sorted(map(str, copy)) == sorted(map(str, [all_rows[2], *all_rows[4:]]))


@pytest.mark.parametrize("suffix", ["txt", "jsonl.gz", "csv"])
def test_every_format_may_be_partitioned(tmp_path: Path, resolver: Resolver, suffix: str) -> None:
    for lang in ("de", "en"):
        path = tmp_path / "p" / f"lang={lang}" / f"a.{suffix}"
        path.parent.mkdir(parents=True)
        content = {"txt": lang, "csv": f"text\n{lang}\n"}.get(suffix, f'{{"text": "{lang}"}}\n').encode()
        path.write_bytes(gzip.compress(content) if suffix.endswith("gz") else content)
    source = opened(resolver, tmp_path / "p")
    rows = read(source)
    assert source.rejects_rows
    assert [row["lang"] for row in rows] == ["de", "en"]
    assert [pa.scalar(row["text"]).cast(pa.string()).as_py() for row in rows] == ["de", "en"]


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_a_directory_laid_out_as_a_hub_dataset_may_be_partitioned(
    write_parquet: Write, tmp_path: Path, resolver: Resolver, suffix: str
) -> None:
    for number, lang in enumerate(("de", "en")):
        path = write_parquet(f"p/data/lang={lang}/part-0.parquet", {"tokens": [[number], [9]]})
        if suffix == "jsonl":
            path.unlink()
            path.with_suffix(".jsonl").write_text(f'{{"tokens": [{number}]}}\n{{"tokens": [9]}}\n')
    (tmp_path / "p" / "README.md").write_text(
        f"---\nconfigs:\n- config_name: default\n  data_files: data/**/*.{suffix}\n---\nMine.\n"
    )
    source = opened(resolver, tmp_path / "p")
    assert source.schema.names == ["tokens", "lang"]
    assert [(row["tokens"], row["lang"]) for row in read(source)] == [
        *(([0], "de"), ([9], "de"), ([1], "en"), ([9], "en")),
    ]
    as_feature_table = resolver.files(TableLocation(str(tmp_path / "p"), is_local=True))
    assert as_feature_table.schema.names == ["tokens"]


def test_folders_of_a_run_and_columns_of_the_files_are_no_partitions(write_parquet: Write, resolver: Resolver) -> None:
    write_parquet("p/dataset=x/scheme=y/model=z/n=7/a.parquet", {"tokens": [[1]], "n": [1]})
    directory = write_parquet("p/dataset=x/scheme=y/model=w/n=8/a.parquet", {"tokens": [[1]], "n": [1]}).parents[4]
    source = opened(resolver, directory)
    assert source.schema.names == ["tokens", "n"]
    assert [row["n"] for row in read(source)] == [1, 1]


def test_files_of_different_partitions_are_rejected(write_parquet: Write, resolver: Resolver) -> None:
    write_parquet("p/lang=en/a.parquet", {"tokens": [[1]]})
    path = write_parquet("p/b.parquet", {"tokens": [[1]]})
    with pytest.raises(UserError, match="expected folders of the columns"):
        opened(resolver, path.parent)
