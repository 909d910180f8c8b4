"""Code or natural language: a calibrated linear classifier over hashed byte n-grams.

The weights lie beside this module. `python -m tools.code_or_natural_language.train` trains them; `weights.json` records
how, and the results on held-out windows.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.code_or_natural_language.kernel import SLOTS, probabilities
from filters.contract import Column, Filter, RaggedArray, Sequences
from filters.kernel_input import read_only, read_only_rows

WEIGHTS_FILE = Path(__file__).with_name("weights.npz")
# Equal odds, hence the threshold with the fewest errors.
NATURAL_LANGUAGE_THRESHOLD = 0.5


class Classifier(NamedTuple):
    """A linear classifier: one int8 weight per slot, the scale of the weights, and the logit of an empty text."""

    weights: NDArray[np.int8]
    scale: float
    bias: float


@functools.cache
def load_classifier(path: Path = WEIGHTS_FILE) -> Classifier:
    """Read the classifier, once per process; raise ValueError if it has an unexpected number of weights."""
    with np.load(path, allow_pickle=False) as file:
        weights, scale, bias = file["weights"], float(file["scale"]), float(file["bias"])
    if weights.shape != (SLOTS,) or weights.dtype != np.int8:
        raise ValueError(
            f"{path.name}: expected {SLOTS} int8 weights, found {weights.dtype} of shape {weights.shape}; "
            "train anew with python -m tools.code_or_natural_language.train"
        )
    return Classifier(read_only(weights, np.int8), scale, bias)


def natural_language_scores(text: RaggedArray) -> NDArray[np.float64]:
    """Return the probability in [0, 1] that each row (UTF-8 as uint8) is natural language rather than code.

    Licences count as natural language, even inside comments, and so does prose with inline markup. Stack traces, tables
    of numbers, encoded data and markup without sentences count as code. For mixed text, a score above 0.5 means that
    less than about 40% of it is code. Only the first MiB of a row is read.
    """
    classifier = load_classifier()
    rows = read_only_rows(text, np.uint8)
    return probabilities(rows.values, rows.offsets, classifier.weights, classifier.scale, classifier.bias)


def measure(sequences: Sequences) -> tuple[pa.Array, ...]:
    """Return the two columns of `FILTER`."""
    text = sequences.text
    assert text is not None
    scores = natural_language_scores(text)
    return pa.array(scores), pa.array(scores < NATURAL_LANGUAGE_THRESHOLD)


FILTER = Filter(
    name="code_or_natural_language",
    meaning="Whether the text is code (or data, or markup without sentences) or natural language.",
    columns=(
        Column(
            "nl_scores",
            pa.float64(),
            "probability that the text is natural language rather than code",
        ),
        Column("is_code", pa.bool_(), f"whether `nl_scores` is below {NATURAL_LANGUAGE_THRESHOLD}"),
    ),
    reads=("text",),
    measure=measure,
)
