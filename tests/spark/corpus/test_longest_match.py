"""The longest matches of sequences in a corpus equal a plain search, in one pass or several, from any file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark.corpus.longest_match.matching import Matching
from spark.sources.corpora import resolve_corpus
from spark.sources.corpus_parts import Corpus
from spark.sources.resolver import Resolver
from tests.features.test_longest_match import match_plainly
from utils import UserError


@pytest.fixture(scope="module")
def rows() -> list[list[int]]:
    generator = np.random.default_rng(0)
    rows = [generator.integers(0, 6, generator.integers(1, 15)).tolist() for _ in range(80)]
    return [*rows, rows[3], [9] * 12, []]


def write(path: Path, rows: list[list[int]], ids: list[int] | None = None) -> Corpus:
    """Write rows to a file of several row groups, each of which becomes a part, and return them as a corpus."""
    path.parent.mkdir(exist_ok=True)
    columns = {"tokens": pa.array(rows, pa.list_(pa.int32()))} | ({} if ids is None else {"sequence_id": pa.array(ids)})
    pq.write_table(pa.table(columns), path, row_group_size=30)
    return resolve_corpus(str(path), 2_049, None, Resolver(path.parent / "cache", {}, lambda message: None))


@pytest.mark.parametrize(("tokens_a_pass", "passes"), [(1 << 22, 1), (200, 4)])
def test_matches_of_the_rows_of_a_corpus_equal_a_plain_search(
    spark: Any, tmp_path: Path, rows: list[list[int]], tokens_a_pass: int, passes: int
) -> None:
    corpus = write(tmp_path / "data" / "corpus.parquet", rows)
    rows_done = spark.sparkContext.accumulator(0)
    counts = Matching(corpus, corpus, tmp_path, tokens_a_pass).run(spark, "table", rows_done)
    table = pq.read_table(tmp_path / "table").to_pydict()
    expected = [match_plainly(row, rows) for row in rows]
    assert table == {"sequence_id": list(range(len(rows))), "longest_corpus_match": expected}
    assert expected[3] == len(rows[3]) == expected[-3]
    assert min(expected) == 0 < len({*expected}) - 3
    assert counts["rows"] == rows_done.value == len(rows)
    assert counts["passes"] == passes


def test_sequences_may_come_from_another_file(spark: Any, tmp_path: Path, rows: list[list[int]]) -> None:
    sequences = {7: [8, *rows[0][:3], 8], 2: rows[5], 11: [8]}
    corpus = write(tmp_path / "data" / "corpus.parquet", rows)
    given = write(tmp_path / "data" / "sequences.parquet", list(sequences.values()), list(sequences))
    assert Matching(corpus, given, tmp_path).run(spark, "table", spark.sparkContext.accumulator(0))["rows"] == 3
    table = pq.read_table(tmp_path / "table").to_pydict()
    expected = {number: match_plainly(tokens, rows) for number, tokens in sorted(sequences.items())}
    assert dict(zip(*table.values(), strict=True)) == expected
    assert expected[11] == 0 < expected[7]


def test_a_repeated_id_is_named(spark: Any, tmp_path: Path) -> None:
    given = write(tmp_path / "data" / "sequences.parquet", [[1], [2]], [4, 4])
    with pytest.raises(UserError, match="found sequence_id 4 2 times"):
        Matching(given, given, tmp_path).run(spark, "table", spark.sparkContext.accumulator(0))
