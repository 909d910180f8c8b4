"""On a GPU, a language model's outputs equal those on a CPU, for any batch and however little memory there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from transformers import PreTrainedModel

from filters import apply_filters, read_language_model
from filters.contract import RaggedArray
from filters.language_model import batching
from filters.language_model.attention import measure_attention
from filters.language_model.devices import put_on_device
from filters.language_model.forward import predict
from filters.language_model.greedy import generate_continuations
from filters.language_model.logit_sums import add_up_gaps
from filters.language_model.scoring import score_tokens
from tests.filters.language_model.plain_reference import VOCABULARY_SIZE, in_float64, small_model
from utils import UserError

SAMPLE = Path(__file__).parents[3] / "sample" / "data"
LENGTHS = (64, 1, 30, 128, 2, 17, 0, 64, 128)  # 128 is the context
PROMPT, CONTINUATION = 10, 12
PRECISIONS = {torch.float32: 1e-4, torch.bfloat16: 0.1, torch.float16: 0.02}  # tolerance, relative and absolute


def random_rows(lengths: tuple[int, ...] = LENGTHS) -> RaggedArray:
    offsets = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
    return RaggedArray(np.random.default_rng(0).integers(0, VOCABULARY_SIZE, offsets[-1], np.int32), offsets)


@pytest.fixture(scope="module")
def exact() -> PreTrainedModel:
    return in_float64(small_model())


@pytest.fixture
def model(gpu: str) -> PreTrainedModel:
    return small_model().to(gpu)


@pytest.fixture
def bounded_memory(gpu: str) -> Iterator[Any]:
    """Yield a function that bounds the memory of the GPU for this process, in bytes beyond what is in use."""
    whole = torch.cuda.mem_get_info()[1]

    def bound(size: int) -> None:
        torch.cuda.empty_cache()
        torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + size) / whole)

    yield bound
    torch.cuda.set_per_process_memory_fraction(1.0)
    torch.cuda.empty_cache()


@pytest.mark.parametrize("tokens_a_batch", [1, 150, 10_000])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_predictions_equal_those_of_float64(
    gpu: str, exact: PreTrainedModel, precision: torch.dtype, tokens_a_batch: int
) -> None:
    tokens, tolerance = random_rows(), PRECISIONS[precision]
    expected = predict(exact, tokens, tokens_a_batch)
    found = predict(small_model().to(gpu, precision), tokens, tokens_a_batch)
    assert np.array_equal(found.offsets, expected.offsets)
    for values, others in zip(found[1:4], expected[1:4], strict=True):
        np.testing.assert_allclose(values, others, rtol=tolerance, atol=tolerance)
    assert (found.first_choice == expected.first_choice).mean() > 1 - tolerance


def test_greedy_decoding_equals_that_on_a_cpu(gpu: str, exact: PreTrainedModel) -> None:
    rows = np.random.default_rng(4).integers(0, VOCABULARY_SIZE, (40, PROMPT + CONTINUATION))
    unknown = np.full((40, CONTINUATION), -1)
    rows[:, PROMPT:] = generate_continuations(exact, rows[:, :PROMPT], unknown, first_choices(exact, rows), 10_000)
    changed = np.random.default_rng(5).random((40, CONTINUATION)) < np.linspace(0, 0.4, 40)[:, None]
    rows[:, PROMPT:][changed] = 7
    found = [
        generate_continuations(each, rows[:, :PROMPT], rows[:, PROMPT:], first_choices(each, rows), limit)
        for each, limit in ((exact, 1), (in_float64(small_model()).to(gpu), 200), (exact.to(gpu), 10_000))
    ]
    exact.to("cpu")
    assert len(np.unique((found[0] == rows[:, PROMPT:]).sum(axis=1))) > 4
    assert np.array_equal(found[1], found[0])
    assert np.array_equal(found[2], found[0])


def first_choices(model: PreTrainedModel, rows: Any) -> Any:
    tokens = RaggedArray(rows.ravel(), np.arange(len(rows) + 1) * rows.shape[1])
    return predict(model, tokens, 10_000).first_choice.reshape(len(rows), -1)[:, PROMPT - 1 :]


def test_attention_equals_that_on_a_cpu(gpu: str) -> None:
    spread = []
    for device in ("cpu", gpu):
        model = small_model().to(device)
        model.set_attn_implementation("eager")
        spread.append(measure_attention(model, random_rows(), tokens_a_batch=300))
    np.testing.assert_allclose(spread[1].entropy, spread[0].entropy, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(spread[1].gini, spread[0].gini, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_kernel_scores_the_same_logits_as_compiled_code(gpu: str, precision: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(1)
    logits = (torch.randn(33, 50_304, generator=generator) * torch.linspace(0.1, 20, 33)[:, None]).to(precision)
    targets = torch.randint(0, 50_304, (33,), generator=generator)
    expected = score_tokens(logits, targets)
    found = score_tokens(logits.to(gpu), targets.to(gpu))
    assert torch.equal(found.first_choice.cpu(), expected.first_choice)
    for values, others in zip(found[:3], expected[:3], strict=True):
        torch.testing.assert_close(values.cpu(), others, rtol=1e-5, atol=1e-5)
    top, gap, _, sums = map(torch.from_numpy, add_up_gaps(logits.float().numpy(), targets.numpy()))
    assert top.isfinite().all()
    assert gap.max() <= 0
    assert sums.isfinite().all()


def test_batches_are_halved_where_memory_is_short(
    model: PreTrainedModel, bounded_memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = random_rows((128,) * 400)
    expected = predict(model, tokens, tokens_a_batch=1_280)
    released = []
    monkeypatch.setattr(batching, "_release_freed_memory", lambda: released.append(torch.cuda.empty_cache()))
    bounded_memory(48 << 20)  # the logits of all rows take 61 MB
    found = predict(model, tokens, tokens_a_batch=128 * 400)
    assert released
    for values, others in zip(found[1:], expected[1:], strict=True):
        np.testing.assert_allclose(values, others, rtol=1e-4, atol=1e-5)


def test_memory_does_not_grow_with_batches(model: PreTrainedModel) -> None:
    tokens, used = random_rows((64,) * 200), []
    for _ in range(4):
        predict(model, tokens, tokens_a_batch=640)
        used.append((torch.cuda.memory_allocated(), torch.cuda.memory_reserved()))
    assert len(set(used[1:])) == 1


def test_gpu_that_is_not_there_is_named(gpu: str) -> None:
    with pytest.raises(UserError, match=r"--model x: cannot be put on cuda:99: .*\ntorch finds \d+ GPUs\."):
        put_on_device(torch.nn.Linear(2, 2), "cuda:99", "--model x")
    put_on_device(torch.nn.Linear(2, 2), gpu, "--model x")  # the failure leaves the GPU usable


def test_model_that_does_not_fit_is_named(gpu: str, bounded_memory: Any) -> None:
    bounded_memory(8 << 20)
    with pytest.raises(UserError, match=r"its weights take 0\.1 GiB, and cuda:0 has [\d.]+ GiB"):
        put_on_device(torch.nn.Linear(4_000, 8_000), gpu, "--model x")


@pytest.mark.parametrize("name", ["duped.70m", "deduped.160m"])
def test_metrics_of_the_sample_equal_those_on_a_cpu(gpu: str, name: str) -> None:
    files = (f"memories/data/{name}-*.parquet", f"pile-{name.partition('.')[0]}/data/*.parquet")
    tables = [pq.read_table(next(SAMPLE.glob(each))).slice(0, 100) for each in files]
    tokens = [row for each, name in zip(tables, ("tokens", "Tokens"), strict=True) for row in each[name].to_pylist()]
    table = pa.table({"tokens": tokens, "text": ["text"] * len(tokens)})
    found, expected = (
        apply_filters(
            table, None, "model", language_model=read_language_model(SAMPLE / "models" / name, device=device)
        ).to_pylist()
        for device in (None, "cpu")
    )
    assert {row["is_extractable"] for row in expected} == {True, False}
    scores = [[row["memorization_score"] for row in rows] for rows in (found, expected)]
    assert np.mean(np.equal(*scores)) > 0.99  # two tokens may be equally likely but for rounding
    for one, other in zip(found, expected, strict=True):
        for column in ("loss", "prompt_perplexity", "generation_perplexity", "min_k", "min_k_plus_plus"):
            assert one[column] == pytest.approx(other[column], rel=1e-4, abs=1e-5), column
