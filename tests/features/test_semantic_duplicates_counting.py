"""Counts equal a loop over all pairs: each copy counts, the query itself does not."""

from __future__ import annotations

import numpy as np
import pytest

from features.semantic_duplicates.counting import Contents, count_duplicates
from features.semantic_duplicates.similarity import similar_pairs
from tests.features.plain_reference import edit_distance_plainly, scattered_groups


def contents(seed: int) -> Contents:
    embeddings = scattered_groups(groups=30, most=8, dimensions=24, seed=seed)
    generator = np.random.default_rng(seed)
    prompts = ["".join(generator.choice(list("ab"), generator.integers(0, 60))) for _ in embeddings]
    return Contents(embeddings, np.array(prompts, object))


def count_plainly(queries: Contents, corpus: Contents, copies: np.ndarray, own: np.ndarray) -> list[list[int]]:
    """Count by the definition, one pair at a time."""
    counts = []
    for query, row_of_query in enumerate(own):
        found = [0, 0, 0, 0]
        for row, held in enumerate(copies):
            similarity = round(float(queries.embeddings[query].astype(float) @ corpus.embeddings[row].astype(float)), 6)
            is_template = 0 < edit_distance_plainly(queries.prompts[query], corpus.prompts[row]) < 20
            others = int(held) - (row == row_of_query)
            found[0] += others * (similarity >= 0.8)
            found[1] += others * (similarity >= 0.9)
            found[2] += others * (similarity >= 0.8 and is_template)
            found[3] += others * (similarity >= 0.9 and is_template)
        counts.append(found)
    return counts


@pytest.mark.parametrize("pairs_at_once", [1, 1_000_000])
def test_counts_equal_a_loop_over_all_pairs(pairs_at_once: int) -> None:
    corpus = contents(seed=11)
    queries = Contents(corpus.embeddings[::2], corpus.prompts[::2])
    generator = np.random.default_rng(12)
    copies = generator.integers(1, 5, len(corpus.prompts))
    own = np.where(generator.random(len(queries.prompts)) < 0.7, np.arange(0, len(corpus.prompts), 2), -1)
    own[:3] = [5, 6, 7]  # the queries' ids belong to rows with other contents
    pairs = similar_pairs(queries.embeddings, corpus.embeddings, 0.8)
    found = count_duplicates(queries, corpus, copies, own, pairs, pairs_at_once)
    assert found.tolist() == count_plainly(queries, corpus, copies, own)
    assert (found.sum(axis=0) > 20).all()


def test_copies_are_snowclones_but_not_templates() -> None:
    one = Contents(np.array([[1, 0]], np.float32), np.array(["a prompt"], object))
    pairs = list(similar_pairs(one.embeddings, one.embeddings, 0.8))
    copies = np.array([3])
    assert count_duplicates(one, one, copies, np.array([0]), pairs).tolist() == [[2, 2, 0, 0]]
    assert count_duplicates(one, one, copies, np.array([-1]), pairs).tolist() == [[3, 3, 0, 0]]
