"""Semantic clusters and the duplicates within them equal those of a plain loop, for any tasks and order of rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from features.deduplication import KEEP, Keep
from features.semantic_duplicates.model import EmbeddingModel
from filters.vocabulary import Vocabulary
from spark.corpus.semantic_duplicates.clustering import tables_of_clusters
from spark.corpus.semantic_duplicates.clusters import semantic_clusters
from tests.spark.corpus.semantic_corpus import SCHEMA, SemanticCorpus


@pytest.mark.parametrize("keep", KEEP)
def test_semantic_clusters_name_the_most_similar_earlier_sequence(
    spark: Any,
    semantic_corpus: SemanticCorpus,
    model: EmbeddingModel,
    vocabulary: Vocabulary,
    tmp_path: Path,
    keep: Keep,
) -> None:
    found = []
    for name, rows, tasks in (("one", semantic_corpus.rows, 1), ("other", semantic_corpus.rows[::-1], 4)):
        frame = spark.createDataFrame(rows, SCHEMA).repartition(tasks)
        clusters = semantic_clusters(frame, model, vocabulary, 5, 0.85, keep, tmp_path / name)
        found.append({row.sequence_id: row for row in clusters.collect()})
    assert found[0] == found[1]
    assert len(found[0]) == len(semantic_corpus.rows)
    assert {row.semantic_cluster for row in found[0].values()} == set(range(5))
    embeddings = semantic_corpus.embeddings(semantic_corpus.rows)
    similarities = embeddings @ embeddings.T
    assert np.abs(similarities - 0.85).min() > 5e-6
    order = sorted(range(len(semantic_corpus.rows)), key=lambda row: key_of(semantic_corpus.rows[row], keep))
    before: list[int] = []
    kept_of_text: dict[str, int] = {}
    for row in order:
        sequence_id, tokens = semantic_corpus.rows[row]
        result = found[0][sequence_id]
        copy_of = kept_of_text.setdefault(semantic_corpus.text(tokens), sequence_id)
        if copy_of != sequence_id:
            assert (result.semantic_duplicate_of, result.similarity) == (copy_of, 1.0)
            continue
        together = [
            i for i in before if found[0][semantic_corpus.rows[i][0]].semantic_cluster == result.semantic_cluster
        ]
        best = max(together, key=lambda other: similarities[row, other].round(6), default=None)
        if best is None or similarities[row, best] < 0.85:
            assert (result.semantic_duplicate_of, result.similarity) == (None, None)
        else:
            assert result.similarity == pytest.approx(similarities[row, best], abs=2e-6)
            of = next(i for i, (other, _) in enumerate(semantic_corpus.rows) if other == result.semantic_duplicate_of)
            assert of in together and similarities[row, of] == pytest.approx(similarities[row, best], abs=4e-6)
        before.append(row)
    assert 0 < len(before) < len(order)


def key_of(row: tuple[int, list[int]], keep: Keep) -> tuple[int, int]:
    """Return the sort key of a row in its cluster."""
    return (-len(row[1]) if keep == "longest" else 0, row[0])


def test_more_clusters_than_sequences_are_rejected(
    spark: Any, semantic_corpus: SemanticCorpus, model: EmbeddingModel, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    frame = spark.createDataFrame(semantic_corpus.rows[:2] * 2, SCHEMA)
    with pytest.raises(Exception, match="Expected at least 3 distinct sequences"):
        semantic_clusters(frame, model, vocabulary, 3, 0.8, "first", tmp_path / "work")


def test_clusters_are_joined_across_batches() -> None:
    clusters = [0, 0, 1, 1, 1, 4, 5, 5]
    table = pa.table({"semantic_cluster": clusters, "row": range(8)})
    for size in range(1, 9):
        batches = [table.slice(0, 0).to_batches(), table.to_batches(max_chunksize=size)]
        found = list(tables_of_clusters(batch for some in batches for batch in some))
        assert [part["row"].to_pylist() for part in found] == [[0, 1], [2, 3, 4], [5], [6, 7]]
