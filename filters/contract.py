"""The interface of a filter: the batch of sequences it receives, and the description of its columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

if TYPE_CHECKING:
    from filters.language_model.answers import AttentionSpread, Extraction, Predictions

Input = Literal["tokens", "text", "token_frequencies", "predictions", "extraction", "decoded_share", "attention"]
Group = Literal["all", "model"]
MIN_K_PERCENT = 20.0  # as in Shi et al. 2024, arXiv:2310.16789
# The inputs that come from a language model.
MODEL_INPUTS: frozenset[Input] = frozenset(("predictions", "extraction", "decoded_share", "attention"))


class RaggedArray(NamedTuple):
    """Rows of different lengths, stored end to end as in an Arrow list.

    values: all rows, one after the other, shape (total,).
    offsets: int64, shape (rows + 1,), starting at 0; row i is `values[offsets[i]:offsets[i + 1]]`.
    """

    values: NDArray[np.generic]
    offsets: NDArray[np.int64]


@dataclass(frozen=True)
class Sequences:
    """A batch of valid sequences: no nulls, no empty rows, every token id in the vocabulary.

    tokens: int32 token ids; None if the data has only text.
    text: valid UTF-8 as uint8 bytes; None without text and tokenizer.
    token_frequencies: int64, shape (vocabulary size,): corpus count of each token id, -1 if the frequency table does
        not list it; None without a table.
    predictions, extraction, decoded_share, attention: outputs of a language model; None if not computed. decoded_share:
        float64, shape (rows,): share of the continuation's tokens that greedy decoding from the prompt reproduces; NaN
        if the sequence is shorter than prompt and continuation.
    min_k_percent: percentage of the tokens that Min-K% uses, above 0 to 100.
    """

    tokens: RaggedArray | None = None
    text: RaggedArray | None = None
    token_frequencies: NDArray[np.int64] | None = None
    predictions: Predictions | None = None
    extraction: Extraction | None = None
    decoded_share: NDArray[np.float64] | None = None
    attention: AttentionSpread | None = None
    min_k_percent: float = MIN_K_PERCENT


@dataclass(frozen=True)
class Column:
    """One column of the metrics table: its name, its Arrow type, and its meaning in one sentence."""

    name: str
    type: pa.DataType
    meaning: str


@dataclass(frozen=True)
class Filter:
    """One filter: a group of columns computed together.

    reads: the fields of `Sequences` it needs; if one of them is None, the columns are null.
    measure: return the arrays of `columns`, in order, with their types and one value per row. None if the columns are
        joined from the feature table `feature_table`.
    group: the name under which `--filters` selects it with others; None if it must be named.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    reads: tuple[Input, ...] = ()
    measure: Callable[[Sequences], tuple[pa.Array, ...]] | None = None
    feature_table: str | None = None
    group: Group | None = "all"

    @property
    def asks_model(self) -> bool:
        """Return whether the filter needs a language model."""
        return not MODEL_INPUTS.isdisjoint(self.reads)
