"""Train, quantise and calibrate a logistic regression over hashed n-grams.

The numba cache is off: it does not notice changes to the n-gram kernel, which is in another module.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from filters.code_or_natural_language.kernel import SLOTS, SLOTS_PER_BYTE, evidence, gram_slots
from filters.contract import RaggedArray

# Weights beyond this quantile of their absolute values are clipped to it before they become int8.
CLIPPED_QUANTILE = 0.9995


class Calibration(NamedTuple):
    """Platt's two parameters: P = logistic(slope * logit + intercept)."""

    slope: float
    intercept: float


@njit
def logits(
    values: NDArray[np.uint8], offsets: NDArray[np.int64], weights: NDArray[np.float32], bias: float
) -> NDArray[np.float64]:
    """Return bias + (sum of weights) * evidence(slots) of each row."""
    slots = np.empty(np.max(offsets[1:] - offsets[:-1]) * SLOTS_PER_BYTE, np.int32)
    found = np.empty(len(offsets) - 1, np.float64)
    for row in range(len(found)):
        count = gram_slots(values[offsets[row] : offsets[row + 1]], slots)
        total = 0.0
        for i in range(count):
            total += weights[slots[i]]
        found[row] = bias + total * evidence(count)
    return found


@njit
def _epoch(
    values: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    order: NDArray[np.int64],
    targets: NDArray[np.float64],
    weights: NDArray[np.float32],
    gradients: NDArray[np.float32],
    bias: NDArray[np.float64],
    settings: NDArray[np.float64],
    rng: np.random.Generator,
) -> float:
    """Do one pass of AdaGrad over the rows in the given order; return the mean log loss before each step."""
    rate, decay, dropout = settings
    slots = np.empty(np.max(offsets[1:] - offsets[:-1]) * SLOTS_PER_BYTE, np.int32)
    loss = 0.0
    for row in order:
        found = gram_slots(values[offsets[row] : offsets[row + 1]], slots)
        count = 0
        for i in range(found):
            if rng.random() >= dropout:
                slots[count] = slots[i]
                count += 1
        value = evidence(int(count / (1.0 - dropout))) / (1.0 - dropout)
        total = 0.0
        for i in range(count):
            total += weights[slots[i]]
        error = 1.0 / (1.0 + np.exp(-(bias[0] + total * value))) - targets[row]
        loss -= np.log(max(1e-12, 1.0 - abs(error)))
        bias[0] -= 0.01 * rate * error
        for i in range(count):
            slot = slots[i]
            gradient = error * value + decay * weights[slot]
            gradients[slot] += gradient * gradient
            weights[slot] -= rate * gradient / np.sqrt(gradients[slot] + 1e-3)
    return loss / len(order)


def train(
    texts: RaggedArray, is_natural: NDArray[np.bool_], epochs: int, rate: float, decay: float, dropout: float, seed: int
) -> tuple[NDArray[np.float32], float, list[float]]:
    """Return the weights (one per slot), the bias and the log loss of each epoch; targets are smoothed by 0.01."""
    rng = np.random.default_rng(seed)
    weights, gradients = np.zeros(SLOTS, np.float32), np.zeros(SLOTS, np.float32)
    bias = np.zeros(1)
    targets = np.where(is_natural, 0.99, 0.01)
    losses = []
    for epoch in range(epochs):
        settings = np.array([rate / (1 + epoch), decay, dropout])
        order = rng.permutation(len(is_natural))
        losses.append(_epoch(texts.values, texts.offsets, order, targets, weights, gradients, bias, settings, rng))
    return weights, float(bias[0]), losses


def quantise(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], float]:
    """Return the weights as int8, and the factor that restores their scale."""
    largest = float(np.quantile(np.abs(weights[weights != 0]), CLIPPED_QUANTILE))
    factor = largest / 127
    return np.clip(np.rint(weights / factor), -127, 127).astype(np.int8), factor


def calibrate(found: NDArray[np.float64], is_natural: NDArray[np.bool_]) -> Calibration:
    """Return Platt's scaling (Platt 1999) of the logits, with his smoothed targets.

    Each logit is fitted as both classes, weighted by its target. CalibratedClassifierCV does the same but does not
    expose the two parameters.
    """
    positive, negative = is_natural.sum(), (~is_natural).sum()
    targets = np.where(is_natural, (positive + 1) / (positive + 2), 1 / (negative + 2))
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10)
    model.fit(
        np.tile(found, 2)[:, np.newaxis],
        np.repeat([True, False], len(found)),
        sample_weight=np.concatenate((targets, 1 - targets)),
    )
    return Calibration(float(model.coef_[0, 0]), float(model.intercept_[0]))
