"""The sample's models memorize frequent continuations, and the tables agree with the decoding of `transformers`."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from numpy.typing import NDArray

from filters.language_model.loading import load_model
from sample.language_models import SIZES, STEPS, batches, learning_rate, new_model, train
from sample.paths import MODELS, SCHEMES, memories_directory, model_directory, pile_directory
from sample.rows import CONTINUATION_START
from tests.sample.committed import corpus, truth

CHOSEN = 150
PAIRS = [(scheme, model) for scheme in SCHEMES for model in MODELS]


def memories(scheme: str, model: str) -> NDArray[np.int64]:
    path = memories_directory() / "data" / f"{scheme}.{model}-00000-of-00001.parquet"
    return pq.read_table(path)["index"].to_numpy()


def share_memorized(scheme: str, model: str, fewest: int, most: int) -> float:
    """Return the share of memorized sequences among those with `fewest` to `most` duplicates."""
    ids = corpus(scheme)[0]
    duplicates = truth()[f"duplicates_{scheme}"].take(ids).to_numpy()
    within = (duplicates >= fewest) & (duplicates <= most)
    return float(np.isin(ids, memories(scheme, model))[within].mean())


def memorization_scores(scheme: str, model: str, tokens: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the share of each row's continuation that greedy decoding by `transformers` gives back."""
    prompts = torch.from_numpy(tokens[:, :CONTINUATION_START].astype(np.int64))
    length = tokens.shape[1] - CONTINUATION_START
    options = {"do_sample": False, "max_new_tokens": length, "eos_token_id": None, "pad_token_id": 0}
    generated = load_model(model_directory(scheme, model)).generate(
        prompts, attention_mask=torch.ones_like(prompts), **options
    )
    return (generated[:, CONTINUATION_START:].numpy() == tokens[:, CONTINUATION_START:]).mean(axis=1)


@pytest.mark.parametrize(("scheme", "model"), PAIRS)
def test_memories_are_the_rows_that_the_model_gives_back(scheme: str, model: str) -> None:
    ids, tokens = corpus(scheme)
    is_memory = np.isin(ids, memories(scheme, model))
    generator = np.random.default_rng(0)
    chosen = np.concatenate(
        [generator.choice(np.flatnonzero(kind), CHOSEN, replace=False) for kind in (is_memory, ~is_memory)]
    )
    assert ((memorization_scores(scheme, model, tokens[chosen]) == 1) == is_memory[chosen]).all()


@pytest.mark.parametrize(("scheme", "model"), PAIRS)
def test_scores_of_random_samples_are_those_of_the_model(scheme: str, model: str) -> None:
    table = pq.read_table(pile_directory(scheme) / "data" / "train-00000-of-00001.parquet").slice(0, CHOSEN)
    tokens = table["Tokens"].combine_chunks().flatten().to_numpy().reshape(CHOSEN, -1)
    differs = memorization_scores(scheme, model, tokens) != table[model.upper()].to_numpy()
    # If two tokens are equally likely in float32, the shape of the batch may decide between them.
    assert differs.sum() <= 1


def test_bigger_models_memorize_more_and_the_deduplicated_corpus_less() -> None:
    shares = {pair: share_memorized(*pair, 1, 10**6) for pair in PAIRS}
    assert shares["duped", "70m"] < shares["duped", "160m"]
    assert shares["deduped", "70m"] < shares["deduped", "160m"]
    for model in MODELS:
        assert shares["deduped", model] < shares["duped", model] / 2


@pytest.mark.parametrize("model", MODELS)
def test_frequent_continuations_are_memorized_and_unique_ones_are_not(model: str) -> None:
    bins = [(1, 1), (5, 8), (9, 16), (17, 32), (65, 10**6)]
    shares = [share_memorized("duped", model, *each) for each in bins]
    assert shares == sorted(shares)
    assert shares[0] < 0.02
    assert shares[-1] > 0.9


@pytest.mark.parametrize(("scheme", "model"), PAIRS)
def test_models_are_small_and_have_the_declared_size(scheme: str, model: str) -> None:
    directory = model_directory(scheme, model)
    assert sum(path.stat().st_size for path in directory.iterdir()) < 3_000_000
    expected = {name: weights.shape for name, weights in new_model(SIZES[model]).state_dict().items()}
    assert {name: weights.shape for name, weights in load_model(directory).state_dict().items()} == expected


@pytest.mark.slow
def test_training_on_repeated_rows_halves_the_loss() -> None:
    tokens = torch.from_numpy(corpus("duped")[1][:32].astype(np.int64))
    model = new_model(SIZES["70m"])
    with torch.no_grad():
        before = float(model(tokens, labels=tokens).loss)
    train(model, tokens, steps=60, warm_up_steps=5)
    with torch.no_grad():
        assert float(model(tokens, labels=tokens).loss) < before / 2


def test_every_epoch_has_every_row_once() -> None:
    rows = torch.arange(100)[:, None]
    stream = batches(rows)
    for _ in range(2):
        seen = torch.cat([next(stream) for _ in range(4)])  # 32 + 32 + 32 + 4
        assert sorted(seen.flatten().tolist()) == list(range(100))


def test_the_learning_rate_rises_and_falls() -> None:
    rates = [learning_rate(step) for step in range(STEPS)]
    top = rates.index(max(rates))
    assert rates[top] == pytest.approx(1)
    assert rates[:top] == sorted(rates[:top])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[-1] < 0.02
