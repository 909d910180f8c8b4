"""The removed duplicates equal those of a plain loop, for any partitions, order of rows, and strategy."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.deduplication import COSINE_LEVELS, JACCARD_LEVELS, KEEP, METHODS, Criteria, Keep
from spark.corpus.deduplication.methods import REMOVED, exact_duplicates, near_duplicates, semantic_duplicates
from tests.features.near_duplicates_oracle import components, planted, similar_pairs

SEQUENCES = "sequence_id long, tokens array<int>"
IN_SPARK, ON_DRIVER = -1, 2**24  # values of most_tokens_on_driver
THRESHOLDS = (0.7, 0.8, 0.9, 1.0)
Removed = dict[int, tuple[int, float | None]]


def removed(frame: Any) -> Removed:
    """Return `duplicate_of` and `threshold` by the id of each removed sequence."""
    assert tuple(frame.columns) == REMOVED
    rows = frame.collect()
    found = {row[0]: (row[1], row[2]) for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.fixture(scope="module")
def rows() -> dict[int, list[int]]:
    """Planted near duplicates of several lengths, and copies, by ids in random order."""
    sequences = [row[: 40 - number % 3] for number, row in enumerate(planted(900, 40, 3))]
    sequences += [*sequences[:40], [], [], [5], [5], [6]]
    ids = (np.random.default_rng(1).permutation(len(sequences)) * 1_000_003 - 7).tolist()
    return dict(zip(ids, sequences, strict=True))


def key(sequence_id: int, tokens: list[int], keep: Keep) -> tuple[int, int]:
    """Return the sort key of a sequence; the smallest of several duplicates is kept."""
    return (-len(tokens) if keep == "longest" else 0, sequence_id)


def removed_plainly(rows: dict[int, list[int]], keep: Keep) -> Removed:
    """Return the near duplicates that a loop removes at the first threshold, and the largest threshold of each."""
    ids = list(rows)
    pairs = {(ids[i], ids[j]): similarity for (i, j), similarity in similar_pairs(list(rows.values()), 0.7).items()}
    found: Removed = {}
    for threshold in THRESHOLDS:
        clusters = components(ids, [pair for pair, similarity in pairs.items() if similarity >= threshold])
        members = defaultdict(list)
        for sequence_id, cluster in clusters.items():
            members[cluster].append(sequence_id)
        for each in members.values():
            kept = min(each, key=lambda sequence_id: key(sequence_id, rows[sequence_id], keep))
            for sequence_id in set(each) - {kept}:
                found[sequence_id] = (found.get(sequence_id, (kept, None))[0], threshold)
    return found


def test_of_equal_sequences_the_first_is_kept(spark: Any, rows: dict[int, list[int]]) -> None:
    first: dict[tuple[int, ...], int] = {}
    for sequence_id in sorted(rows):
        first.setdefault(tuple(rows[sequence_id]), sequence_id)
    copies = {i: (first[tuple(tokens)], None) for i, tokens in rows.items() if first[tuple(tokens)] != i}
    assert len(copies) > 40
    for partitions in (1, 5):
        frame = spark.createDataFrame(list(rows.items()), SEQUENCES).repartition(partitions)
        assert removed(exact_duplicates(frame)) == copies


@pytest.mark.parametrize("keep", KEEP)
def test_of_a_cluster_of_near_duplicates_one_is_kept_at_every_threshold(
    spark: Any, rows: dict[int, list[int]], keep: Keep, tmp_path: Path
) -> None:
    spark.sparkContext.setCheckpointDir(str(tmp_path))
    expected = removed_plainly(rows, keep)
    assert {threshold for _, threshold in expected.values()} == set(THRESHOLDS)
    for most_tokens_on_driver, partitions in ((ON_DRIVER, 3), (IN_SPARK, 1), (IN_SPARK, 6)):
        frame = spark.createDataFrame(list(rows.items())[::-1], SEQUENCES).repartition(partitions)
        assert removed(near_duplicates(frame, THRESHOLDS, 5, keep, most_tokens_on_driver)) == expected


def test_the_remaining_rows_have_no_near_duplicates(spark: Any, rows: dict[int, list[int]]) -> None:
    frame = spark.createDataFrame(list(rows.items()), SEQUENCES)
    first_removed = removed(near_duplicates(frame, (0.8,), 5, "longest"))
    left = [(i, tokens) for i, tokens in rows.items() if i not in first_removed]
    assert not similar_pairs([tokens for _, tokens in left], 0.8)
    assert removed(near_duplicates(spark.createDataFrame(left, SEQUENCES), (0.8,), 5, "longest")) == {}


def test_nothing_is_removed_from_an_empty_corpus(spark: Any) -> None:
    frame = spark.createDataFrame([], SEQUENCES)
    for found in (exact_duplicates(frame), near_duplicates(frame, (0.8,), 5, "first")):
        assert removed(found) == {}


def test_the_threshold_of_a_semantic_duplicate_is_the_largest_below_its_similarity(spark: Any) -> None:
    clusters = [(1, 7, None, None), (2, 7, 1, 1.0), (3, 7, 1, 0.9), (4, 8, 9, 0.949999), (5, 8, 9, 0.95)]
    schema = "sequence_id long, semantic_cluster int, semantic_duplicate_of long, similarity double"
    found = removed(semantic_duplicates(spark.createDataFrame(clusters, schema), (0.9, 0.95, 0.99)))
    assert found == {2: (1, 0.99), 3: (1, 0.9), 4: (9, 0.9), 5: (9, 0.95)}


def test_thresholds_start_at_the_chosen_one_and_ascend() -> None:
    criteria = Criteria(METHODS, jaccard_threshold=0.82, cosine_threshold=0.99)
    assert criteria.thresholds("exact") == ()
    assert criteria.thresholds("fuzzy") == (0.82, 0.85, 0.9, 0.95, 1.0)
    assert criteria.thresholds("semantic") == (0.99,)
    assert Criteria(METHODS, jaccard_threshold=0.1).thresholds("fuzzy") == (0.1, *JACCARD_LEVELS)
    assert sorted(set(COSINE_LEVELS)) == list(COSINE_LEVELS)
