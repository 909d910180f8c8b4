"""What is removed as a duplicate is what a loop removes, whatever the partitions, the order, and the way."""

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
IN_SPARK, ON_DRIVER = -1, 2**24  # the most tokens that the driver takes
THRESHOLDS = (0.7, 0.8, 0.9, 1.0)
Removed = dict[int, tuple[int, float | None]]


def removed(frame: Any) -> Removed:
    assert tuple(frame.columns) == REMOVED
    rows = frame.collect()
    found = {row[0]: (row[1], row[2]) for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.fixture(scope="module")
def rows() -> dict[int, list[int]]:
    """Planted near duplicates of several lengths, and copies, by ids in no order."""
    sequences = [row[: 40 - number % 3] for number, row in enumerate(planted(900, 40, 3))]
    sequences += [*sequences[:40], [], [], [5], [5], [6]]
    ids = (np.random.default_rng(1).permutation(len(sequences)) * 1_000_003 - 7).tolist()
    return dict(zip(ids, sequences, strict=True))


def key(sequence_id: int, tokens: list[int], keep: Keep) -> tuple[int, int]:
    """What is smallest is kept."""
    return (-len(tokens) if keep == "longest" else 0, sequence_id)


def plainly(rows: dict[int, list[int]], keep: Keep) -> Removed:
    """The near duplicates that are removed at the first threshold, and the largest at which each is."""
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
    expected = plainly(rows, keep)
    assert {threshold for _, threshold in expected.values()} == set(THRESHOLDS)
    for most_tokens_on_driver, partitions in ((ON_DRIVER, 3), (IN_SPARK, 1), (IN_SPARK, 6)):
        frame = spark.createDataFrame(list(rows.items())[::-1], SEQUENCES).repartition(partitions)
        assert removed(near_duplicates(frame, THRESHOLDS, 5, keep, most_tokens_on_driver)) == expected


def test_what_is_left_has_no_near_duplicates(spark: Any, rows: dict[int, list[int]]) -> None:
    frame = spark.createDataFrame(list(rows.items()), SEQUENCES)
    gone = removed(near_duplicates(frame, (0.8,), 5, "longest"))
    left = [(i, tokens) for i, tokens in rows.items() if i not in gone]
    assert not similar_pairs([tokens for _, tokens in left], 0.8)
    assert removed(near_duplicates(spark.createDataFrame(left, SEQUENCES), (0.8,), 5, "longest")) == {}


def test_nothing_is_removed_of_nothing(spark: Any) -> None:
    frame = spark.createDataFrame([], SEQUENCES)
    for found in (exact_duplicates(frame), near_duplicates(frame, (0.8,), 5, "first")):
        assert removed(found) == {}


def test_semantic_duplicates_are_removed_up_to_their_similarity(spark: Any) -> None:
    clusters = [(1, 7, None, None), (2, 7, 1, 1.0), (3, 7, 1, 0.9), (4, 8, 9, 0.949999), (5, 8, 9, 0.95)]
    schema = "sequence_id long, semantic_cluster int, semantic_duplicate_of long, similarity double"
    found = removed(semantic_duplicates(spark.createDataFrame(clusters, schema), (0.9, 0.95, 0.99)))
    assert found == {2: (1, 0.99), 3: (1, 0.9), 4: (9, 0.9), 5: (9, 0.95)}


def test_the_thresholds_that_are_measured() -> None:
    criteria = Criteria(METHODS, jaccard_threshold=0.82, cosine_threshold=0.99)
    assert criteria.thresholds("exact") == ()
    assert criteria.thresholds("fuzzy") == (0.82, 0.85, 0.9, 0.95, 1.0)
    assert criteria.thresholds("semantic") == (0.99,)
    assert Criteria(METHODS, jaccard_threshold=0.1).thresholds("fuzzy") == (0.1, *JACCARD_LEVELS)
    assert sorted(set(COSINE_LEVELS)) == list(COSINE_LEVELS)
