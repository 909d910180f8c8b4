"""Fixtures of the tests of semantic duplicates."""

from __future__ import annotations

import pytest

from features.semantic_duplicates.model import EmbeddingModel, read_embedding_model
from filters.vocabulary import Vocabulary, read_vocabulary
from sample.paths import tokenizer_path
from tests.features.minilm import MINILM
from tests.spark.corpus.semantic_corpus import SemanticCorpus


@pytest.fixture(scope="module")
def semantic_corpus() -> SemanticCorpus:
    return SemanticCorpus()


@pytest.fixture(scope="module")
def model() -> EmbeddingModel:
    return read_embedding_model(MINILM)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return read_vocabulary(tokenizer_path())
