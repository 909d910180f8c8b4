"""What every filter shares: the batch that it is given and the description that it gives of itself."""

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
MIN_K_PERCENT = 20.0  # of Shi et al. 2024, arXiv:2310.16789
# What is known only once a language model was asked.
OF_THE_MODEL: frozenset[Input] = frozenset(("predictions", "extraction", "decoded_share", "attention"))


class RaggedArray(NamedTuple):
    """Rows of different lengths, laid end to end as Arrow lays them.

    values: all rows, one after the other, shape (total,).
    offsets: int64, shape (rows + 1,), beginning at 0; row i is `values[offsets[i]:offsets[i + 1]]`.
    """

    values: NDArray[np.generic]
    offsets: NDArray[np.int64]


@dataclass(frozen=True)
class Sequences:
    """A batch of sequences that can be measured: no nulls, no empty rows, every token id in the vocabulary.

    tokens: int32 token ids; None where the data has only text.
    text: the sequences' valid UTF-8 as uint8 bytes; None where there is neither text nor a tokenizer.
    token_frequencies: int64, shape (vocabulary size,): how often the corpus holds each token id, -1 where
        the frequency table does not list it; None without a table.
    predictions, extraction, decoded_share, attention: what a language model says; None where none was asked for it.
        decoded_share: float64, shape (rows,): of the continuation's tokens, the share that greedy decoding from the
        prompt gives back; NaN where the sequence is shorter than both.
    min_k_percent: how many of the tokens Min-K% takes, above 0 to 100.
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
    """One column of the metrics table: its name, its Arrow type, and one sentence of meaning."""

    name: str
    type: pa.DataType
    meaning: str


@dataclass(frozen=True)
class Filter:
    """One way to measure a sequence.

    reads: what of `Sequences` it needs; where one of these is None, its columns are null.
    measure: the arrays of `columns`, in their order, each of their type and of one value a row.
        None where the columns are not computed but joined from the feature table `feature_table`.
    group: under which name `--filters` takes it together with others; None for one that must be named itself.
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
        """Whether a language model must be asked."""
        return not OF_THE_MODEL.isdisjoint(self.reads)
