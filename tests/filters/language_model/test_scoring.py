"""Token scores equal the plain reference, for uniform, nearly certain and impossible predictions."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import pytest
import torch

from filters.language_model.scoring import (
    GapSums,
    add_up_gaps_compiled,
    add_up_gaps_with_torch,
    fastest_on_gpu,
    score_tokens,
)
from tests.filters.language_model.plain_reference import score_plainly

AddUp: TypeAlias = Callable[[torch.Tensor, torch.Tensor], GapSums]


def add_up_gaps_on_gpu(logits: torch.Tensor, targets: torch.Tensor, **_: int) -> GapSums:
    from filters.language_model.logit_sums_triton import add_up_gaps_with_triton

    found = add_up_gaps_with_triton(logits.cuda(), targets.cuda())
    return found[0].cpu(), found[1].cpu(), found[2].cpu(), found[3].cpu()


@pytest.fixture(params=[add_up_gaps_compiled, add_up_gaps_with_torch, add_up_gaps_on_gpu])
def add_up(request: pytest.FixtureRequest) -> AddUp:
    """Return the summation used on a CPU, the one used on a GPU without Triton, and the one with it."""
    found: AddUp = request.param
    if found is add_up_gaps_on_gpu:
        request.getfixturevalue("gpu")
    return found


def assert_scores(logits: torch.Tensor, targets: torch.Tensor, add_up: AddUp) -> None:
    scored = score_tokens(logits, targets, add_up)
    for row, target in enumerate(targets.tolist()):
        expected = score_plainly(logits[row].double().tolist(), target)
        assert [float(each[row]) for each in scored] == pytest.approx(list(expected), rel=1e-4, abs=1e-12), row


@pytest.mark.parametrize("spread", [0.01, 1.0, 10.0])
@pytest.mark.parametrize("vocabulary_size", [2, 50_304])
def test_scores_equal_the_plain_reference(spread: float, vocabulary_size: int, add_up: AddUp) -> None:
    generator = torch.Generator().manual_seed(1)
    logits = spread * torch.randn(7, vocabulary_size, generator=generator)
    assert_scores(logits, torch.randint(0, vocabulary_size, (7,), generator=generator), add_up)


@pytest.mark.parametrize("lead", [5.0, 17.0, 40.0, 80.0, 95.0])
def test_nearly_certain_predictions_keep_their_precision(lead: float, add_up: AddUp) -> None:
    logits = torch.randn(4, 1_000, generator=torch.Generator().manual_seed(2))
    logits[:, 3] = logits.max() + lead
    assert_scores(logits, torch.tensor([3, 3, 7, 500]), add_up)


def test_certain_token_has_log_likelihood_zero(add_up: AddUp) -> None:
    scored = score_tokens(torch.tensor([[0.0, 300.0]]), torch.tensor([1]), add_up)
    assert [float(each[0]) for each in scored] == [0.0, 0.0, 0.0, 1.0]


def test_impossible_token_does_not_change_the_others(add_up: AddUp) -> None:
    logits = torch.tensor([[0.5, -math.inf, 1.0, 0.0], [0.5, -math.inf, 1.0, 0.0]])
    scored = score_tokens(logits, torch.tensor([0, 1]), add_up)
    assert scored.log_likelihood[1] == -math.inf
    assert_scores(logits[:1], torch.tensor([0]), add_up)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_nan_and_infinite_logits_give_nan_scores(value: float, add_up: AddUp) -> None:
    logits = torch.tensor([[0.0, value, 1.0], [0.0, 2.0, 1.0]])
    scored = score_tokens(logits, torch.tensor([0, 0]), add_up)
    for each in (scored.log_likelihood, scored.standardized, scored.entropy):
        assert each[0].isnan()
        assert each[1].isfinite()


def test_scores_do_not_depend_on_chunks(add_up: AddUp) -> None:
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(8, 1_001, generator=generator)
    targets = torch.randint(0, 1_001, (8,), generator=generator)
    whole = score_tokens(logits, targets, add_up)
    in_chunks = score_tokens(logits, targets, partial(add_up, numbers_a_chunk=3_100))
    for values, others in zip(whole, in_chunks, strict=True):
        torch.testing.assert_close(values, others, rtol=1e-5, atol=0)


def test_torch_scores_where_triton_does_not_run(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "triton", None)
    monkeypatch.delitem(sys.modules, "filters.language_model.logit_sums_triton", raising=False)
    caplog.set_level("INFO", "memorization")
    assert fastest_on_gpu.__wrapped__(torch.device("cpu")) is add_up_gaps_with_torch
    assert "scoring without Triton: ModuleNotFoundError" in caplog.text
