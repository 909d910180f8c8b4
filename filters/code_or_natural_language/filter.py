"""Code or natural language: a calibrated linear classifier over hashed byte n-grams.

The weights lie beside this module; `python -m tools.code_or_natural_language.train` makes them, and
`weights.json` records how they were made and how well they do on windows held out.
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
# The probability at which either is as likely, and so where the fewest texts are called wrongly.
NATURAL_LANGUAGE_THRESHOLD = 0.5


class Classifier(NamedTuple):
    """Weights of the n-grams (int8, one a slot), what they are multiplied by, and the logit of a text without any."""

    weights: NDArray[np.int8]
    scale: float
    bias: float


@functools.cache
def load_classifier(path: Path = WEIGHTS_FILE) -> Classifier:
    """Read the classifier, once a process; raise ValueError if its weights have another number of features."""
    with np.load(path, allow_pickle=False) as file:
        weights, scale, bias = file["weights"], float(file["scale"]), float(file["bias"])
    if weights.shape != (SLOTS,) or weights.dtype != np.int8:
        raise ValueError(
            f"{path.name}: expected {SLOTS} int8 weights, found {weights.dtype} of shape {weights.shape}; "
            "train anew with python -m tools.code_or_natural_language.train"
        )
    return Classifier(read_only(weights, np.int8), scale, bias)


def natural_language_scores(text: RaggedArray) -> NDArray[np.float64]:
    """The probability in [0, 1] that each row (UTF-8 as uint8) is natural language rather than code.

    Licences are natural language even inside comment signs, and so is prose with inline markup; stack traces, tables
    of numbers, encoded data and markup without sentences are code. Of a text in which both occur, the score says
    whether less than about 40% of it is code. A row is judged by its first MiB.
    """
    classifier = load_classifier()
    rows = read_only_rows(text, np.uint8)
    return probabilities(rows.values, rows.offsets, classifier.weights, classifier.scale, classifier.bias)


def measure(sequences: Sequences) -> tuple[pa.Array, ...]:
    """The two columns of `FILTER`."""
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
