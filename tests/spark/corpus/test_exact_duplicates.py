"""Duplicate counts and token frequencies equal a plain loop, for both strategies, any parts, and hash collisions."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark.corpus.exact_duplicates.counting import DuplicateCounting
from spark.corpus.exact_duplicates.strategies import MAX_BROADCAST_SEQUENCES, choose_strategy
from spark.corpus.table_writing import write_frame
from spark.corpus.token_frequencies import TokenCounting
from spark.sources.corpora import resolve_corpus
from spark.sources.corpus_parts import Corpus
from spark.sources.formats.parquet import ParquetPart
from spark.sources.resolver import Resolver
from utils import UserError

PROMPT, CONTINUATION = 2, 3
END = PROMPT + CONTINUATION
LENGTHS = {"counts": CONTINUATION, "counts_1": 1, "counts_5": END}


@pytest.fixture(scope="module")
def rows() -> list[list[int]]:
    generator = np.random.default_rng(0)
    rows = [generator.integers(0, 4, generator.integers(1, 30)).tolist() for _ in range(400)]
    return [*rows, *rows[:50], [1] * 40]


@pytest.fixture(scope="module")
def corpus(rows: list[list[int]], tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    directory = tmp_path_factory.mktemp("corpus")
    pq.write_table(pa.table({"tokens": rows}), directory / "corpus.parquet", row_group_size=37)
    return resolve_corpus(str(directory), 2_049, None, Resolver(directory / "cache", {}, lambda message: None))


def in_parts(corpus: Corpus, groups_a_part: int) -> Corpus:
    """Return the same corpus of one file, with this number of row groups per part."""
    parts = []
    (only,) = corpus.parts
    assert isinstance(only.part, ParquetPart)
    for start in range(0, len(only.part.row_groups), groups_a_part):
        part = replace(only.part, row_groups=only.part.row_groups[start : start + groups_a_part])
        parts.append(replace(only, part=part, first_row=37 * start))
    return replace(corpus, parts=tuple(parts))


def expected_counts(rows: list[list[int]], length: int) -> dict[int, int]:
    places = Counter(tuple(row[start : start + length]) for row in rows for start in range(len(row) - length + 1))
    return {number: places[tuple(row[-length:])] for number, row in enumerate(rows) if len(row) >= END}


@pytest.mark.parametrize("strategy", ["broadcast", "shuffle"])
@pytest.mark.parametrize(("groups_a_part", "hash_bits"), [(1, 64), (5, 64), (100, 2)])
def test_duplicate_counts_equal_a_plain_loop(
    spark: Any, tmp_path: Path, rows: list[list[int]], corpus: Corpus, strategy: Any, groups_a_part: int, hash_bits: int
) -> None:
    in_new_parts = in_parts(corpus, groups_a_part)
    counting = DuplicateCounting(
        in_new_parts, in_new_parts, PROMPT, CONTINUATION, tmp_path, strategy, hash_bits, window_tokens=(1, END)
    )
    rows_done = spark.sparkContext.accumulator(0)
    counted = counting.run(spark, "table", rows_done)
    table = pq.read_table(tmp_path / "table")
    assert table.column_names == ["index", *LENGTHS]
    for name, length in LENGTHS.items():
        assert dict(zip(table["index"].to_pylist(), table[name].to_pylist(), strict=True)) == expected_counts(
            rows, length
        )
    expected = expected_counts(rows, CONTINUATION)
    assert table["index"].to_pylist() == sorted(expected)
    assert counted.rows == len(expected)
    assert counted.too_short == len(rows) - len(expected) > 0
    assert counted.repeated == sum(count > 1 for count in expected.values())
    assert rows_done.value == len(rows)


@pytest.mark.parametrize("strategy", ["broadcast", "shuffle"])
def test_sequences_may_come_from_another_file(
    spark: Any, tmp_path: Path, corpus: Corpus, rows: list[list[int]], strategy: Any
) -> None:
    sequences = {5: [9, 9, *rows[0][2:5]], 3: [0, 0, 7, 7, 7], 11: [0, 0, 1, 1, 1]}
    (tmp_path / "sequences").mkdir()
    table = pa.table({"sequence_id": list(sequences), "tokens": list(sequences.values())})
    pq.write_table(table, tmp_path / "sequences" / "sequences.parquet")
    resolver = Resolver(tmp_path / "cache", {}, lambda message: None)
    resolved = resolve_corpus(str(tmp_path / "sequences"), 2_049, None, resolver)
    DuplicateCounting(corpus, resolved, PROMPT, CONTINUATION, tmp_path, strategy).run(
        spark, "table", spark.sparkContext.accumulator(0)
    )
    found = dict(zip(*pq.read_table(tmp_path / "table").to_pydict().values(), strict=True))
    windows = Counter(tuple(row[start : start + 3]) for row in rows for start in range(len(row) - 2))
    assert found == {3: 0, 5: windows[tuple(rows[0][2:5])], 11: windows[(1, 1, 1)]}


@pytest.mark.parametrize("groups_a_part", [1, 100])
def test_token_frequencies_equal_a_plain_loop(
    spark: Any, tmp_path: Path, rows: list[list[int]], corpus: Corpus, groups_a_part: int
) -> None:
    memorized = {0, 3, 449, 450}
    (tmp_path / "memorized").mkdir()
    table = pa.table({"index": sorted(memorized), "tokens": [rows[row] for row in sorted(memorized)]})
    pq.write_table(table, tmp_path / "memorized" / "rows.parquet")
    resolver = Resolver(tmp_path / "cache", {}, lambda message: None)
    found = resolve_corpus(str(tmp_path / "memorized"), 2_049, None, resolver)
    counting = TokenCounting(in_parts(corpus, groups_a_part), found, 10, tmp_path)
    counts = counting.run(spark, ("of-memorized", "of-rest"), spark.sparkContext.accumulator(0))
    for name, is_memorized in (("of-memorized", True), ("of-rest", False)):
        table = pq.read_table(tmp_path / name)
        expected = Counter(
            token for number, row in enumerate(rows) if (number in memorized) == is_memorized for token in row
        )
        assert table["TokenID"].to_pylist() == list(range(10))
        assert table["Frequency"].to_pylist() == [expected[token] for token in range(10)]
        sequences = len(memorized) if is_memorized else len(rows) - len(memorized)
        assert counts[name] == {"rows": 10, "tokens": expected.total(), "sequences": sequences}


def test_memorized_sequences_absent_from_the_corpus_are_counted(spark: Any, tmp_path: Path, corpus: Corpus) -> None:
    def count(*ids: int) -> dict[str, dict[str, int]]:
        pq.write_table(pa.table({"sequence_id": ids, "tokens": [[1]] * len(ids)}), tmp_path / "rows.parquet")
        resolver = Resolver(tmp_path, {}, lambda message: None)
        found = resolve_corpus(str(tmp_path / "rows.parquet"), 2_049, None, resolver)
        counting = TokenCounting(corpus, found, 10, tmp_path)
        return counting.run(spark, ("of-memorized", "of-rest"), spark.sparkContext.accumulator(0))

    counts = count(3, 451, 450, 10**6)
    assert counts["of-memorized"]["sequences"] == counts["of-memorized"]["absent"] == 2
    assert counts["of-rest"]["sequences"] == 449 and "absent" not in counts["of-rest"]
    assert "absent" not in count(0)["of-memorized"]
    with pytest.raises(UserError, match=r"expected the 2 ids of .*, found none of them"):
        count(451, -1)


def test_sequences_that_are_all_too_short_are_rejected(spark: Any, tmp_path: Path, corpus: Corpus) -> None:
    counting = DuplicateCounting(corpus, corpus, 90, 10, tmp_path)
    with pytest.raises(UserError, match="at least 100 tokens, prompt and continuation; found 451 that are all shorter"):
        counting.run(spark, "table", spark.sparkContext.accumulator(0))


def test_an_empty_table_has_its_columns(spark: Any, tmp_path: Path) -> None:
    frame = spark.createDataFrame([(1, "a")], "sequence_id long, method string").where("sequence_id > 1")
    assert write_frame(frame, tmp_path, "table").rows == 0
    empty = pq.read_table(tmp_path / "table")
    assert empty.schema.equals(pa.schema({"sequence_id": pa.int64(), "method": pa.string()})) and not len(empty)


def test_a_repeated_id_is_named(spark: Any, tmp_path: Path) -> None:
    (tmp_path / "sequences").mkdir()
    pq.write_table(
        pa.table({"sequence_id": [4, 7, 4], "tokens": [[1] * 9] * 3}), tmp_path / "sequences" / "rows.parquet"
    )
    found = resolve_corpus(str(tmp_path / "sequences"), 2_049, None, Resolver(tmp_path, {}, lambda message: None))
    with pytest.raises(UserError, match="found sequence_id 4 2 times"):
        DuplicateCounting(found, found, PROMPT, CONTINUATION, tmp_path).run(
            spark, "table", spark.sparkContext.accumulator(0)
        )


def test_few_sequences_are_broadcast() -> None:
    assert choose_strategy(5_000) == "broadcast"
    assert choose_strategy(MAX_BROADCAST_SEQUENCES + 1) == "shuffle"
