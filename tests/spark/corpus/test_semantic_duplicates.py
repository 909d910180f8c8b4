"""Semantic duplicates in Spark are those of a loop over all pairs, whatever the tasks and the order of the rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import Tokenizer

from features.deduplication import KEEP, Keep
from features.semantic_duplicates.counting import COLUMNS
from features.semantic_duplicates.model import EmbeddingModel, read_embedding_model
from features.semantic_duplicates.search import Search, choose_search
from filters.vocabulary import Vocabulary, read_vocabulary
from sample.paths import tokenizer_path
from spark.corpus.semantic_duplicates.clusters import semantic_clusters, tables_of_clusters
from spark.corpus.semantic_duplicates.comparison import Comparison, ComparisonSizes
from spark.corpus.semantic_duplicates.counting import find_semantic_duplicates
from spark.corpus.semantic_duplicates.embeddings import embed_sequences
from spark.session.failures import failure_message
from tests.features.minilm import MINILM
from tests.features.plain_reference import edit_distance_plainly, embed_plainly

SCHEMA = "sequence_id long, tokens array<int>"
WORDINGS = (
    "The next bus to {} leaves from platform {} in a few minutes. Please have your ticket ready and let others off.",
    "Dear {}, your parcel could not be delivered. It is waiting for you at the shop on the corner until {}.",
    "def read_{}(path):\n    with open(path) as file:\n        return [line.strip() for line in file][:{}]\n",
)
FILLINGS = ("Brook", "Ash", "the old harbour", "Lindenau am See", "two", "Monday", "7", "XII")


class Corpus:
    """Fillings of some wordings, and copies; as the job gets them, and the counts by their definition."""

    def __init__(self) -> None:
        self.tokenizer = Tokenizer.from_file(str(tokenizer_path()))
        texts = [wording.format(a, b) for wording in WORDINGS for a in FILLINGS for b in FILLINGS[::3]]
        texts += texts[:20:2] + texts[:5]
        self.tokens = [self.tokenizer.encode(text).ids[:48] for text in texts]
        order = np.random.default_rng(13).permutation(len(texts)).tolist()
        self.rows = [(7 * place, self.tokens[row]) for place, row in enumerate(order)]
        # Some that the corpus holds, some that it holds under another id, and one that is there with other tokens.
        self.queries = self.rows[::2] + [(7 * place + 1, tokens) for place, (_, tokens) in enumerate(self.rows[::9])]
        self.queries += [(7, self.rows[2][1])]

    def text(self, tokens: list[int]) -> str:
        """What the tokens decode to."""
        return str(self.tokenizer.decode(tokens, skip_special_tokens=False))

    def embeddings(self, rows: list[tuple[int, list[int]]]) -> np.ndarray:
        """Of each row, in float64; each different text once."""
        texts = [self.text(tokens) for _, tokens in rows]
        different = sorted(set(texts))
        embedded = dict(zip(different, embed_plainly(MINILM, different, longest=256), strict=True))
        return np.array([embedded[text] for text in texts])

    def count(self) -> dict[int, list[int]]:
        """The counts of every query, by a loop over all pairs."""
        similarities = self.embeddings(self.queries) @ self.embeddings(self.rows).T
        near = min(np.abs(similarities - threshold).min() for threshold in (0.8, 0.9))
        assert near > 5e-6, "a pair lies so near to a threshold that rounding decides"
        counts = {}
        for query, (query_id, tokens) in enumerate(self.queries):
            found = np.zeros(4, int)
            for row, (row_id, others) in enumerate(self.rows):
                if row_id == query_id or similarities[query, row] < 0.8:
                    continue
                is_template = 0 < edit_distance_plainly(self.text(tokens[:32]), self.text(others[:32])) < 20
                is_very_similar = similarities[query, row] >= 0.9
                found += [1, is_very_similar, is_template, is_very_similar and is_template]
            counts[query_id] = found.tolist()
        return counts


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus()


@pytest.fixture(scope="module")
def expected(corpus: Corpus) -> dict[int, list[int]]:
    return corpus.count()


@pytest.fixture(scope="module")
def model() -> EmbeddingModel:
    return read_embedding_model(MINILM)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return read_vocabulary(tokenizer_path())


def collected(frame: Any) -> dict[int, list[int]]:
    """The counts by query, each once."""
    assert frame.schema.simpleString() == f"struct<sequence_id:bigint,{','.join(f'{c}:bigint' for c in COLUMNS)}>"
    rows = frame.collect()
    found = {row[0]: list(row[1:]) for row in rows}
    assert len(found) == len(rows)
    return found


def test_counts_are_those_of_all_pairs_whatever_the_tasks(
    spark: Any,
    corpus: Corpus,
    expected: dict[int, list[int]],
    model: EmbeddingModel,
    vocabulary: Vocabulary,
    tmp_path: Path,
) -> None:
    assert (np.array(list(expected.values())).sum(axis=0) > 20).all()
    search = choose_search(len(corpus.queries), len(corpus.rows))
    frames = [spark.createDataFrame(rows, SCHEMA) for rows in (corpus.queries, corpus.rows)]
    found = find_semantic_duplicates(
        *(frame.coalesce(1) for frame in frames), model, vocabulary, search, tmp_path / "1"
    )
    assert collected(found) == expected
    # A block and a run are whole files: several queries' blocks, and several runs of the corpus.
    sizes = ComparisonSizes(queries_a_block=10, rows_a_run=30, short_task=12)
    shuffled = [spark.createDataFrame(rows[::-1], SCHEMA).repartition(5) for rows in (corpus.queries, corpus.rows)]
    found = find_semantic_duplicates(*shuffled, model, vocabulary, search, tmp_path / "2", sizes)
    assert collected(found) == expected
    compared = Comparison.of(tmp_path / "2", probes=0, centroids=None, sizes=sizes)
    assert min(len(compared.queries), len(compared.corpus)) > 2


def test_the_approximate_search_counts_the_same_where_it_looks_everywhere(
    spark: Any,
    corpus: Corpus,
    expected: dict[int, list[int]],
    model: EmbeddingModel,
    vocabulary: Vocabulary,
    tmp_path: Path,
) -> None:
    queries, rows = (spark.createDataFrame(each, SCHEMA) for each in (corpus.queries, corpus.rows))
    search = Search("approximate", len(corpus.queries), len(corpus.rows), clusters=4, probes=4)
    assert collected(find_semantic_duplicates(queries, rows, model, vocabulary, search, tmp_path / "all")) == expected


def test_texts_that_are_given_are_embedded_and_others_decoded(
    spark: Any, corpus: Corpus, model: EmbeddingModel, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    tokens = corpus.rows[0][1]
    rows = [(1, tokens, "Something else."), (2, tokens, None), (3, corpus.rows[0][1][:-1], "Something else.")]
    frame = spark.createDataFrame(rows, f"{SCHEMA}, text string")
    found = find_semantic_duplicates(frame, frame, model, vocabulary, choose_search(3, 3), tmp_path / "work")
    assert collected(found) == {1: [1, 1, 0, 0], 2: [0, 0, 0, 0], 3: [1, 1, 0, 0]}


@pytest.mark.parametrize(("queries", "rows"), [(0, 3), (3, 0)])
def test_no_queries_and_no_corpus(
    spark: Any, corpus: Corpus, model: EmbeddingModel, vocabulary: Vocabulary, tmp_path: Path, queries: int, rows: int
) -> None:
    frames = [spark.createDataFrame(corpus.rows[:count], SCHEMA) for count in (queries, rows)]
    found = find_semantic_duplicates(*frames, model, vocabulary, choose_search(queries, rows), tmp_path / "work")
    assert collected(found) == {query_id: [0, 0, 0, 0] for query_id, _ in corpus.rows[:queries]}


def test_a_sequence_that_cannot_be_decoded_is_named(
    spark: Any, model: EmbeddingModel, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    frame = spark.createDataFrame([(5, [1, 2]), (6, [1, 10**6])], SCHEMA)
    with pytest.raises(Exception, match="sequence_id 6") as raised:
        find_semantic_duplicates(frame, frame, model, vocabulary, choose_search(2, 2), tmp_path / "work")
    message = failure_message(raised.value, "the corpus")
    assert message.startswith("sequence_id 6: token id 1000000 is not in the vocabulary")
    assert message.endswith("\nRemove this sequence from the input.")


def test_embeddings_are_those_of_each_text(spark: Any, model: EmbeddingModel) -> None:
    texts = ["one text", "another", "one text", ""]
    frame = spark.createDataFrame(list(enumerate(texts)), "sequence_id long, text string")
    found = embed_sequences(frame, model, rows=len(texts))
    assert found.schema.simpleString() == "struct<sequence_id:bigint,embedding:array<float>>"
    rows = {row.sequence_id: row.embedding for row in found.collect()}
    assert len(rows) == len(texts)
    expected = embed_plainly(MINILM, texts, longest=256)
    assert np.abs(np.array([rows[i] for i in range(len(texts))]) - expected).max() < 1e-5


@pytest.mark.parametrize("keep", KEEP)
def test_semantic_clusters_hold_what_is_alike_and_say_what_comes_before(
    spark: Any, corpus: Corpus, model: EmbeddingModel, vocabulary: Vocabulary, tmp_path: Path, keep: Keep
) -> None:
    found = []
    for name, rows, tasks in (("one", corpus.rows, 1), ("other", corpus.rows[::-1], 4)):
        frame = spark.createDataFrame(rows, SCHEMA).repartition(tasks)
        clusters = semantic_clusters(frame, model, vocabulary, 5, 0.85, keep, tmp_path / name)
        found.append({row.sequence_id: row for row in clusters.collect()})
    assert found[0] == found[1]
    assert len(found[0]) == len(corpus.rows)
    assert {row.semantic_cluster for row in found[0].values()} == set(range(5))
    embeddings = corpus.embeddings(corpus.rows)
    similarities = embeddings @ embeddings.T
    assert np.abs(similarities - 0.85).min() > 5e-6
    order = sorted(range(len(corpus.rows)), key=lambda row: key_of(corpus.rows[row], keep))
    before: list[int] = []
    kept_of_text: dict[str, int] = {}
    for row in order:
        sequence_id, tokens = corpus.rows[row]
        answer = found[0][sequence_id]
        copy_of = kept_of_text.setdefault(corpus.text(tokens), sequence_id)
        if copy_of != sequence_id:
            assert (answer.semantic_duplicate_of, answer.similarity) == (copy_of, 1.0)
            continue
        together = [i for i in before if found[0][corpus.rows[i][0]].semantic_cluster == answer.semantic_cluster]
        best = max(together, key=lambda other: similarities[row, other].round(6), default=None)
        if best is None or similarities[row, best] < 0.85:
            assert (answer.semantic_duplicate_of, answer.similarity) == (None, None)
        else:
            assert answer.similarity == pytest.approx(similarities[row, best], abs=2e-6)
            of = next(i for i, (other, _) in enumerate(corpus.rows) if other == answer.semantic_duplicate_of)
            assert of in together and similarities[row, of] == pytest.approx(similarities[row, best], abs=4e-6)
        before.append(row)
    assert 0 < len(before) < len(order)


def key_of(row: tuple[int, list[int]], keep: Keep) -> tuple[int, int]:
    """What is smaller comes before."""
    return (-len(row[1]) if keep == "longest" else 0, row[0])


def test_more_clusters_than_sequences_are_refused(
    spark: Any, corpus: Corpus, model: EmbeddingModel, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    frame = spark.createDataFrame(corpus.rows[:2] * 2, SCHEMA)
    with pytest.raises(Exception, match="Expected at least 3 distinct sequences"):
        semantic_clusters(frame, model, vocabulary, 3, 0.8, "first", tmp_path / "work")


def test_clusters_are_put_together_wherever_batches_cut_them() -> None:
    clusters = [0, 0, 1, 1, 1, 4, 5, 5]
    table = pa.table({"semantic_cluster": clusters, "row": range(8)})
    for size in range(1, 9):
        batches = [table.slice(0, 0).to_batches(), table.to_batches(max_chunksize=size)]
        found = list(tables_of_clusters(batch for some in batches for batch in some))
        assert [part["row"].to_pylist() for part in found] == [[0, 1], [2, 3, 4], [5], [6, 7]]


def test_a_model_is_put_on_the_gpu_of_its_task(model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch) -> None:
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
