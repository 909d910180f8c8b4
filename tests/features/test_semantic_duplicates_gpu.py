"""On a GPU, sentence embeddings equal those on a CPU."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.semantic_duplicates.embedding import embed
from features.semantic_duplicates.model import read_embedding_model
from tests.features.embedding_models import NUMERALS, save_tiny_model


@pytest.mark.parametrize("kind", ["bert", "roberta"])
@pytest.mark.parametrize("tokens_a_batch", [None, 1, 100])
def test_embeddings_equal_those_on_a_cpu(gpu: str, tmp_path: Path, kind: str, tokens_a_batch: int | None) -> None:
    generator = np.random.default_rng(3)
    texts = [" ".join(generator.choice(NUMERALS, length)) for length in generator.integers(0, 30, 200)]
    model = read_embedding_model(save_tiny_model(tmp_path / kind, kind))
    found = embed(texts, replace(model, device=gpu), tokens_a_batch)
    assert np.abs(found - embed(texts, replace(model, device="cpu"))).max() < 1e-5
