"""Near duplicates in Spark equal those of brute force, for any partitions and both strategies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.near_duplicates.bands import choose_bands
from features.near_duplicates.signatures import band_hashes
from spark.corpus.near_duplicates.counting import find_near_duplicates, group_equal
from spark.corpus.near_duplicates.pairs import PairSearch
from tests.features.near_duplicates_oracle import Pair, measured, planted, similar_pairs
from tests.filters.ragged_rows import token_rows

COLUMNS = ["sequence_id", "near_duplicates", "near_duplicate_cluster", "near_duplicate_cluster_size"]
IN_SPARK, ON_DRIVER = -1, 2**24  # values of most_tokens_on_driver
Rows = list[tuple[int, int, int, int]]


def frame(spark: Any, path: Path, ids: Sequence[int], rows: Sequence[Sequence[int]]) -> Any:
    tokens = pa.array(rows, pa.list_(pa.int32()))
    pq.write_table(pa.table({"sequence_id": pa.array(ids, pa.int64()), "tokens": tokens}), path / "sequences.parquet")
    return spark.read.parquet(str(path / "sequences.parquet"))


def collected(found: Any) -> Rows:
    assert found.dtypes == [(name, "bigint") for name in COLUMNS]
    return sorted(tuple(row) for row in found.collect())


def findable(rows: Sequence[Sequence[int]], threshold: float, n: int = 5) -> list[Pair]:
    """Return the pairs of brute force that MinHash can find: equal sequences, and sequences that agree in a band."""
    hashes = band_hashes(token_rows(rows), n, choose_bands(threshold))
    return [
        (i, j) for i, j in similar_pairs(rows, threshold, n) if rows[i] == rows[j] or (hashes[i] == hashes[j]).any()
    ]


def with_ids(pairs: list[Pair], ids: Sequence[int]) -> list[Pair]:
    return [(ids[i], ids[j]) for i, j in pairs]


@pytest.mark.parametrize(("threshold", "n"), [(0.8, 5), (0.5, 3)])
def test_near_duplicates_equal_brute_force_for_any_partitions(
    spark: Any, tmp_path: Path, threshold: float, n: int
) -> None:
    rows = [*planted(1500, 40, 5), [], [], [1], [1], [2], [1, 2, 3, 4], [1, 2, 3, 4, 5], [9] * 5, [9] * 80]
    generator = np.random.default_rng(6)
    # The ids are neither dense nor in the order of the rows, and some are negative.
    ids = (generator.permutation(len(rows)) * 7_919_000_000_001 - 5).tolist()
    expected = measured(ids, with_ids(findable(rows, threshold, n), ids))
    assert sum(count for _, count, _, _ in expected) > 500
    sequences = frame(spark, tmp_path, ids, rows)
    for partitions in (1, 3, 17) if n == 5 else (2,):
        shuffled = sequences.orderBy(hash_of_ids(partitions)).repartition(partitions)
        assert collected(find_near_duplicates(shuffled, threshold, n, IN_SPARK)) == expected
    assert collected(find_near_duplicates(shuffled, threshold, n, ON_DRIVER)) == expected


def hash_of_ids(seed: int) -> Any:
    from pyspark.sql import functions as F  # noqa: N812

    return F.xxhash64("sequence_id", F.lit(seed))


def test_recall_and_precision_against_brute_force(spark: Any, tmp_path: Path) -> None:
    rows = planted(20_000, 64, 7)
    truth = similar_pairs(rows, 0.8)
    grouped = group_equal(frame(spark, tmp_path, range(len(rows)), rows)).where("sequence_id = representative")
    distinct = grouped.select("sequence_id", "copies", "tokens").persist()
    pairs = PairSearch((0.8,), 5).pairs(distinct, distinct.count()).select("first", "second")
    found = [tuple(row) for row in pairs.collect()]
    distinct.unpersist()
    assert len(found) == len(set(found))
    assert set(found) <= truth.keys()  # precision 1
    first_of = {tuple(row): i for i, row in reversed(list(enumerate(rows)))}
    expected = {pair: s for pair, s in truth.items() if all(first_of[tuple(rows[i])] == i for i in pair)}
    at_threshold = [pair for pair, similarity in expected.items() if similarity < 0.85]
    assert len(at_threshold) > 500
    assert len(set(found) & set(at_threshold)) / len(at_threshold) >= 0.95
    assert len(found) / len(expected) >= 0.99


def test_many_copies_are_all_counted_and_cost_no_pairs(spark: Any, tmp_path: Path) -> None:
    licence, rows = planted(2, 64, 8)[0], planted(2, 64, 9)
    nearly = [*licence[:-2], 1, 2]
    ids = list(range(10, 100_010))
    contents: list[list[int]] = [licence] * 100_000
    contents[500], contents[501], contents[502] = nearly, nearly, rows[0]
    found = collected(find_near_duplicates(frame(spark, tmp_path, ids, contents), most_tokens_on_driver=IN_SPARK))
    assert Counter(row[1:] for row in found) == {(99_998, 10, 99_999): 99_999, (0, 512, 1): 1}
    assert [row[0] for row in found if row[2] == 512] == [512]


def test_a_bucket_of_many_distinct_members(spark: Any, tmp_path: Path) -> None:
    base = planted(1, 64, 10)[0]
    rows = [[*base[:-1], 100_000 + i] for i in range(1300)]  # any two rows have a similarity of 59 / 61
    found = collected(find_near_duplicates(frame(spark, tmp_path, range(1300), rows), most_tokens_on_driver=IN_SPARK))
    assert len(findable(rows, 0.8)) == 1300 * 1299 // 2
    assert found == [(i, 1299, 0, 1300) for i in range(1300)]


def test_a_chain_is_one_cluster(spark: Any, tmp_path: Path) -> None:
    stream = np.random.default_rng(11).integers(0, 50_000, 64 + 40).tolist()
    rows = [stream[i : i + 64] for i in range(41)]
    found = collected(find_near_duplicates(frame(spark, tmp_path, range(100, 141), rows)))
    pairs = similar_pairs(rows, 0.8)
    assert (0, 1) in pairs
    assert (0, 40) not in pairs
    assert found == measured(range(100, 141), with_ids(findable(rows, 0.8), range(100, 141)))
    assert {row[2:] for row in found} == {(100, 41)}


def test_the_result_does_not_need_the_persisted_frames(spark: Any, tmp_path: Path) -> None:
    rows = planted(200, 40, 12)
    result = find_near_duplicates(frame(spark, tmp_path, range(200), rows), most_tokens_on_driver=IN_SPARK)
    spark.catalog.clearCache()
    assert collected(result) == measured(range(200), findable(rows, 0.8))


@pytest.mark.parametrize("most", [IN_SPARK, ON_DRIVER])
def test_no_near_duplicates(spark: Any, tmp_path: Path, most: int) -> None:
    nothing = frame(spark, tmp_path, [], [])
    assert collected(find_near_duplicates(nothing, most_tokens_on_driver=most)) == []
    # Read from the same path again: nothing of the first read may be cached.
    two = frame(spark, tmp_path, [3, 4], [[1], [2]])
    assert collected(find_near_duplicates(two, most_tokens_on_driver=most)) == [(3, 0, 3, 1), (4, 0, 4, 1)]


def test_wrong_arguments_are_rejected(spark: Any, tmp_path: Path) -> None:
    sequences = frame(spark, tmp_path, [1], [[1]])
    with pytest.raises(ValueError, match="found 0"):
        find_near_duplicates(sequences, ngram_tokens=0)
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        find_near_duplicates(sequences, threshold=80)
