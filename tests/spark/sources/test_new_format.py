"""A complete new format: two classes and one registration make sequences, corpora and feature tables of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from filters.feature_tables import DUPLICATES, TOKEN_FREQUENCIES
from spark.corpus.deduplication.copying import copy_without
from spark.corpus.frames import row_places
from spark.corpus.parallel_reading import number_lines
from spark.metrics.feature_joins import join_feature
from spark.metrics.feature_tables import resolve_feature_table
from spark.metrics.token_frequencies import read_token_frequencies
from spark.sources.catalog import TableLocation
from spark.sources.corpora import resolve_corpus
from spark.sources.input_columns import recognise_columns
from spark.sources.parts import ROWS_A_BATCH, CopiedPart, Part, is_kept
from spark.sources.registry import Format, ReadOptions, format_of, register
from spark.sources.resolver import Resolver
from spark.sources.sequences import read_sequences
from spark.sources.source import Source
from tests.spark.sources.test_token_file import rows_of


@dataclass(frozen=True)
class Words(Part):
    """The lines of a file. Each has words `column=1,2,3`; a column with a list in one row has lists in all rows."""

    schema: pa.Schema

    def batches(self, names: Sequence[str] | None = None, rows: int = ROWS_A_BATCH) -> Iterator[pa.RecordBatch]:
        """Yield one batch per line."""
        for line in self.path.read_text().splitlines():
            values = dict(word.split("=") for word in line.split())
            columns: dict[str, pa.Array] = {}
            for field in self.schema:
                numbers = [int(each) for each in values[field.name].split(",") if each]
                columns[field.name] = pa.array([numbers if pa.types.is_list(field.type) else numbers[0]], field.type)
            batch = pa.RecordBatch.from_pydict(columns)
            yield batch if names is None else batch.select(list(names))

    def copy_without(self, removed: Any, directory: Any, name: str) -> CopiedPart:
        """Write the lines that are not removed."""
        lines = np.array(self.path.read_text().splitlines(keepends=True))
        kept = lines[is_kept(removed, 0, len(lines))]
        (directory / f"{name}.words").write_text("".join(kept))
        return CopiedPart(f"{name}.words", len(kept))


@dataclass(frozen=True)
class WordsSource(Source):
    """A table of `Words` files, one part per file."""

    def parts(self, bytes_a_part: int | None = None) -> tuple[Words, ...]:
        """Return one part per file; their numbers of rows are unknown."""
        return tuple(Words(path, None, self.schema) for path in self.paths)


def open_words(paths: tuple[Any, ...], options: ReadOptions) -> WordsSource:
    names = [word.partition("=")[0] for word in paths[0].read_text().splitlines()[0].split()]
    schema = pa.schema([(name, pa.list_(pa.int64()) if name == "tokens" else pa.int64()) for name in names])
    return WordsSource(paths, schema, None, sum(path.stat().st_size for path in paths))


WORDS = Format("words", (".words",), open_words)
if format_of(Path("a.words")) is None:
    register(WORDS)

Write = Callable[..., Path]


@pytest.fixture
def resolver(tmp_path: Path) -> Resolver:
    return Resolver(tmp_path / "cache", {}, lambda _: None)


@pytest.fixture
def sequences(tmp_path: Path) -> Path:
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "a.words").write_text("tokens=1,2 mine=5\ntokens=3 mine=6\n")
    (tmp_path / "rows" / "b.words").write_text("tokens=4 mine=7\n")
    return tmp_path / "rows"


def test_new_format_is_read_as_sequences(spark: Any, sequences: Path, resolver: Resolver) -> None:
    source = resolver.files(TableLocation(str(sequences), is_local=True))
    rows = read_sequences(spark, source, recognise_columns(source.schema, "words")).collect()
    found = sorted((row["sequence_id"], row["tokens"], row["_run_other_0"], row["_run_rejection"]) for row in rows)
    assert found == [(0, [1, 2], 5, None), (1, [3], 6, None), (2, [4], 7, None)]
    assert source.first_rows(1).table.to_pydict() == {"tokens": [[1, 2]], "mine": [5]}


def test_new_format_is_copied_as_a_corpus(spark: Any, sequences: Path, resolver: Resolver, tmp_path: Path) -> None:
    corpus = number_lines(spark, resolve_corpus(str(sequences), 2_049, None, resolver))
    assert rows_of(corpus) == {0: [1, 2], 1: [3], 2: [4]}
    gone = row_places(spark, corpus).where("sequence_id = 1")
    assert copy_without(spark, corpus, gone, tmp_path / "copy", spark.sparkContext.accumulator(0)) == 2
    copy = {path.name: path.read_text() for path in (tmp_path / "copy").iterdir()}
    assert copy == {"part-00000.words": "tokens=1,2 mine=5\n", "part-00001.words": "tokens=4 mine=7\n"}


def test_new_format_is_joined_as_a_feature_table(spark: Any, tmp_path: Path, resolver: Resolver) -> None:
    (tmp_path / "counts.words").write_text("index=1 counts=10\nindex=3 counts=30\n")
    location = TableLocation(str(tmp_path / "counts.words"), is_local=True)
    feature = resolve_feature_table(DUPLICATES, location, None, resolver)
    assert feature is not None
    joined = join_feature(spark.range(4).withColumnRenamed("id", "sequence_id"), feature)
    assert dict(joined.collect()) == {0: None, 1: 10, 2: None, 3: 30}
    (tmp_path / "frequencies.words").write_text("TokenID=0 Frequency=4\nTokenID=2 Frequency=5\n")
    location = TableLocation(str(tmp_path / "frequencies.words"), is_local=True)
    frequencies = resolve_feature_table(TOKEN_FREQUENCIES, location, None, resolver)
    assert frequencies is not None
    assert read_token_frequencies([frequencies]).tolist() == [4, -1, 5]


def test_suffix_belongs_to_one_format() -> None:
    with pytest.raises(ValueError, match=r"found \.parquet"):
        register(Format("mine", (".parquet",), open_words))


def test_file_of_token_ids_is_read_as_sequences(spark: Any, tmp_path: Path, resolver: Resolver) -> None:
    (tmp_path / "document.bin").write_bytes(np.arange(2 * 2_049).astype("<u2").tobytes())
    source = resolver.files(TableLocation(str(tmp_path), is_local=True))
    rows = read_sequences(spark, source, recognise_columns(source.schema, "tokens")).collect()
    assert {row["sequence_id"]: row["tokens"] for row in rows} == {
        0: list(range(2_049)),
        1: list(range(2_049, 2 * 2_049)),
    }


def test_token_file_beside_tables_is_read_only_as_a_corpus(write_parquet: Write, resolver: Resolver) -> None:
    directory = write_parquet("d/a.parquet", {"tokens": [[1]]}).parent
    (directory / "document.bin").write_bytes(bytes(2 * 3))
    assert resolver.files(TableLocation(str(directory), is_local=True)).rows == 1
    assert resolve_corpus(str(directory), 3, None, resolver).rows == 1
    assert rows_of(resolve_corpus(str(directory), 3, None, resolver)) == {0: [0, 0, 0]}
