"""Semantic duplicates in Spark equal those of a loop over all pairs, for any tasks and order of rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.semantic_duplicates.counting import COLUMNS
from features.semantic_duplicates.model import EmbeddingModel
from features.semantic_duplicates.search import Search, choose_search
from filters.vocabulary import Vocabulary
from spark.corpus.semantic_duplicates.comparison import Comparison, ComparisonSizes
from spark.corpus.semantic_duplicates.counting import find_semantic_duplicates
from spark.corpus.semantic_duplicates.embeddings import embed_sequences
from spark.session.failures import failure_message
from tests.features.minilm import MINILM
from tests.features.plain_reference import embed_plainly
from tests.spark.corpus.semantic_corpus import SCHEMA, SemanticCorpus


@pytest.fixture(scope="module")
def expected(semantic_corpus: SemanticCorpus) -> dict[int, list[int]]:
    return semantic_corpus.count()


def collected(frame: Any) -> dict[int, list[int]]:
    """Return the counts by query id; check that each query has one row."""
    assert frame.schema.simpleString() == f"struct<sequence_id:bigint,{','.join(f'{c}:bigint' for c in COLUMNS)}>"
    rows = frame.collect()
    found = {row[0]: list(row[1:]) for row in rows}
    assert len(found) == len(rows)
    return found


def test_counts_equal_a_loop_over_all_pairs_for_any_tasks(
    spark: Any,
    semantic_corpus: SemanticCorpus,
    expected: dict[int, list[int]],
    model: EmbeddingModel,
    vocabulary: Vocabulary,
    tmp_path: Path,
) -> None:
    assert (np.array(list(expected.values())).sum(axis=0) > 20).all()
    search = choose_search(len(semantic_corpus.queries), len(semantic_corpus.rows))
    frames = [spark.createDataFrame(rows, SCHEMA) for rows in (semantic_corpus.queries, semantic_corpus.rows)]
    found = find_semantic_duplicates(
        *(frame.coalesce(1) for frame in frames), model, vocabulary, search, tmp_path / "1"
    )
    assert collected(found) == expected
    # Blocks and runs are whole files; these sizes give several blocks of queries and several runs of the corpus.
    sizes = ComparisonSizes(queries_a_block=10, rows_a_run=30, short_task=12)
    shuffled = [
        spark.createDataFrame(rows[::-1], SCHEMA).repartition(5)
        for rows in (semantic_corpus.queries, semantic_corpus.rows)
    ]
    found = find_semantic_duplicates(*shuffled, model, vocabulary, search, tmp_path / "2", sizes)
    assert collected(found) == expected
    compared = Comparison.of(tmp_path / "2", probes=0, centroids=None, sizes=sizes)
    assert min(len(compared.queries), len(compared.corpus)) > 2


def test_the_approximate_search_with_all_probes_counts_the_same(
    spark: Any,
    semantic_corpus: SemanticCorpus,
    expected: dict[int, list[int]],
    model: EmbeddingModel,
    vocabulary: Vocabulary,
    tmp_path: Path,
) -> None:
    queries, rows = (spark.createDataFrame(each, SCHEMA) for each in (semantic_corpus.queries, semantic_corpus.rows))
    search = Search("approximate", len(semantic_corpus.queries), len(semantic_corpus.rows), clusters=4, probes=4)
    assert collected(find_semantic_duplicates(queries, rows, model, vocabulary, search, tmp_path / "all")) == expected


def test_given_texts_are_embedded_and_missing_texts_decoded(
    spark: Any, semantic_corpus: SemanticCorpus, model: EmbeddingModel, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    tokens = semantic_corpus.rows[0][1]
    rows = [(1, tokens, "Something else."), (2, tokens, None), (3, semantic_corpus.rows[0][1][:-1], "Something else.")]
    frame = spark.createDataFrame(rows, f"{SCHEMA}, text string")
    found = find_semantic_duplicates(frame, frame, model, vocabulary, choose_search(3, 3), tmp_path / "work")
    assert collected(found) == {1: [1, 1, 0, 0], 2: [0, 0, 0, 0], 3: [1, 1, 0, 0]}


@pytest.mark.parametrize(("queries", "rows"), [(0, 3), (3, 0)])
def test_no_queries_or_no_corpus(
    spark: Any,
    semantic_corpus: SemanticCorpus,
    model: EmbeddingModel,
    vocabulary: Vocabulary,
    tmp_path: Path,
    queries: int,
    rows: int,
) -> None:
    frames = [spark.createDataFrame(semantic_corpus.rows[:count], SCHEMA) for count in (queries, rows)]
    found = find_semantic_duplicates(*frames, model, vocabulary, choose_search(queries, rows), tmp_path / "work")
    assert collected(found) == {query_id: [0, 0, 0, 0] for query_id, _ in semantic_corpus.rows[:queries]}


def test_a_damaged_sequence_is_named(spark: Any, model: EmbeddingModel, vocabulary: Vocabulary, tmp_path: Path) -> None:
    frame = spark.createDataFrame([(5, [1, 2]), (6, [1, 10**6])], SCHEMA)
    with pytest.raises(Exception, match="sequence_id 6") as raised:
        find_semantic_duplicates(frame, frame, model, vocabulary, choose_search(2, 2), tmp_path / "work")
    message = failure_message(raised.value, "the corpus")
    assert message.startswith("sequence_id 6: token id 1000000 is not in the vocabulary")
    assert message.endswith("\nRemove this sequence from the input.")


def test_embeddings_equal_the_reference(spark: Any, model: EmbeddingModel) -> None:
    texts = ["one text", "another", "one text", ""]
    frame = spark.createDataFrame(list(enumerate(texts)), "sequence_id long, text string")
    found = embed_sequences(frame, model, rows=len(texts))
    assert found.schema.simpleString() == "struct<sequence_id:bigint,embedding:array<float>>"
    rows = {row.sequence_id: row.embedding for row in found.collect()}
    assert len(rows) == len(texts)
    expected = embed_plainly(MINILM, texts, longest=256)
    assert np.abs(np.array([rows[i] for i in range(len(texts))]) - expected).max() < 1e-5


def test_a_model_is_moved_to_the_gpu_of_its_task(model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark import TaskContext

    from spark.session.task_device import on_the_tasks_device

    assert on_the_tasks_device(model) == model

    class Gpu:
        addresses = ("3",)

    class Context:
        def resources(self) -> dict[str, Any]:
            return {"gpu": Gpu()}

    monkeypatch.setattr(TaskContext, "get", staticmethod(Context))
    assert on_the_tasks_device(model) == replace(model, device="cuda:3")
