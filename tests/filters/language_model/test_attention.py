"""The spread of attention equals a plain loop over heads and tokens."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from transformers import PreTrainedModel

from filters.contract import RaggedArray
from filters.language_model.attention import measure_attention
from tests.filters.language_model.plain_reference import VOCABULARY_SIZE, small_model

LENGTHS = (9, 0, 1, 14, 5)


@pytest.fixture(scope="module")
def model() -> PreTrainedModel:
    model = small_model()
    model.set_attn_implementation("eager")
    return model


def random_rows() -> RaggedArray:
    offsets = np.cumsum([0, *LENGTHS])
    return RaggedArray(np.random.default_rng(7).integers(0, VOCABULARY_SIZE, offsets[-1], np.int32), offsets)


def gini_plainly(weights: list[float]) -> float:
    """Return the Gini coefficient by its definition: the mean difference of all pairs, over twice the mean."""
    differences = [abs(one - other) for one in weights for other in weights]
    return math.fsum(differences) / (2 * len(weights) * math.fsum(weights))


def test_attention_spread_equals_a_plain_loop(model: PreTrainedModel) -> None:
    tokens = random_rows()
    spread = measure_attention(model, tokens, tokens_a_batch=30)
    for row, length in enumerate(LENGTHS):
        if length == 0:
            assert np.isnan(spread.entropy[row]).all()
            assert np.isnan(spread.gini[row]).all()
            continue
        ids = torch.from_numpy(tokens.values[tokens.offsets[row] : tokens.offsets[row + 1]].astype(np.int64))
        with torch.no_grad():
            layers = model(ids[None], output_attentions=True).attentions
        for layer, weights in enumerate(layers):
            seen = [head[query, : query + 1].tolist() for head in weights[0] for query in range(length)]
            entropy = np.mean([-math.fsum(each * math.log(each) for each in row) for row in seen])
            assert spread.entropy[row, layer] == pytest.approx(entropy, rel=1e-4, abs=1e-6)
            assert spread.gini[row, layer] == pytest.approx(np.mean([gini_plainly(row) for row in seen]), abs=1e-5)


def test_attention_does_not_depend_on_batches(model: PreTrainedModel) -> None:
    whole = measure_attention(model, random_rows(), tokens_a_batch=1_000)
    alone = measure_attention(model, random_rows(), tokens_a_batch=1)
    np.testing.assert_allclose(alone.entropy, whole.entropy, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(alone.gini, whole.gini, rtol=1e-4, atol=1e-6)
