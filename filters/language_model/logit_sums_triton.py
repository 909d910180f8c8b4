"""Sum over rows of logits on a GPU, in one kernel: with one torch operation after the other, memory is the limit.

Triton, which torch's CUDA packages for Linux bring, compiles the kernel when it is first called.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from filters.language_model import logit_sums

BLOCK, WARPS = 2_048, 8  # logits that a program reads at once, and its threads / 32: the fastest on an H200
BIAS = tl.constexpr(127 + logit_sums.SCALE_BITS)  # of the exponent of a scaled float32
ROUNDING = tl.constexpr(1.5 * 2.0**23)  # numbers near it are integers
UNSCALED = tl.constexpr(2.0**-logit_sums.SCALE_BITS)
SMALLEST_GAP = tl.constexpr(float(logit_sums.SMALLEST_GAP))
LOG2_OF_E = tl.constexpr(float(logit_sums.LOG2_OF_E))
LOG_2_HIGH, LOG_2_LOW = tl.constexpr(float(logit_sums.LOG_2_HIGH)), tl.constexpr(float(logit_sums.LOG_2_LOW))


def add_up_gaps_with_triton(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Compute `logit_sums.add_up_gaps` on the tensors' GPU, with the same precision."""
    number, size = logits.shape
    logits = logits.contiguous()
    top, gap = torch.empty((2, number), device=logits.device)
    first_choice = torch.empty(number, dtype=torch.int64, device=logits.device)
    sums = torch.empty((3, number), dtype=torch.float64, device=logits.device)
    # Triton starts kernels on the current GPU, which need not be the tensors' own.
    with torch.cuda.device(logits.device):
        _add_up[(number,)](logits, targets, top, gap, first_choice, sums, number, size, BLOCK, num_warps=WARPS)
    return top, gap, first_choice, sums


@triton.jit
def _add_up(logits, targets, top_out, gap_out, first_out, sums_out, number, size, BLOCK: tl.constexpr):  # type: ignore[no-untyped-def]  # noqa: N803
    """Compute one row: its largest logit in a first reading, the sums in a second one, which the cache serves."""
    row = tl.program_id(0).to(tl.int64)
    logits += row * size
    lanes = tl.arange(0, BLOCK)
    largest = tl.full((BLOCK,), float("-inf"), tl.float32)
    places = tl.zeros((BLOCK,), tl.int32)
    for start in range(0, size, BLOCK):
        here = start + lanes
        logit = _load(logits, here, size)
        places = tl.where(logit > largest, here, places)
        largest = tl.maximum(largest, logit)
    top = tl.max(largest)
    first = tl.min(tl.where(largest == top, places, size))  # the first on a tie
    others = tl.zeros((BLOCK,), tl.float32)
    gaps = tl.zeros((BLOCK,), tl.float32)
    squares = tl.zeros((BLOCK,), tl.float32)
    for start in range(0, size, BLOCK):
        here = start + lanes
        gap = tl.maximum(_load(logits, here, size) - top, SMALLEST_GAP)
        weight = tl.where((gap > SMALLEST_GAP) & (here != first), _scaled_exp(gap), 0.0)
        weighted = weight * gap
        others += weight
        gaps += weighted
        squares += weighted * gap
    tl.store(top_out + row, top)
    tl.store(gap_out + row, tl.load(logits + tl.load(targets + row)).to(tl.float32) - top)
    tl.store(first_out + row, first)
    tl.store(sums_out + row, tl.sum(others).to(tl.float64) * UNSCALED)
    tl.store(sums_out + number + row, tl.sum(gaps).to(tl.float64) * UNSCALED)
    tl.store(sums_out + 2 * number + row, tl.sum(squares).to(tl.float64) * UNSCALED)


@triton.jit
def _load(logits, here, size):  # type: ignore[no-untyped-def]
    """Return logits in float32: infinite for NaN, which counts as largest, and -inf outside of the row."""
    logit = tl.load(logits + here, mask=here < size, other=float("-inf")).to(tl.float32)
    return tl.where(logit == logit, logit, float("inf"))


@triton.jit
def _scaled_exp(x):  # type: ignore[no-untyped-def]
    """Return exp(x) times 2^SCALE_BITS for x from SMALLEST_GAP to 0; see `logit_sums`.

    The GPU's own exp loses digits for weights below 1e-10, and takes weights below 1e-38 as 0. Adding `ROUNDING` leaves
    the multiple of log 2 in the lowest bits: a GPU's instructions for rounding are slow.
    """
    rounded = x * LOG2_OF_E + ROUNDING
    multiple = rounded - ROUNDING
    rest = x - multiple * LOG_2_HIGH - multiple * LOG_2_LOW
    power = (rounded.to(tl.int32, bitcast=True) + BIAS) << 23
    return tl.exp(rest) * power.to(tl.float32, bitcast=True)
