"""Read the ids and tokens of a corpus from record batches; encode text if there are no tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.arrow_input import plain_lists, plain_text
from filters.contract import RaggedArray
from filters.measuring import encode_text
from filters.ragged import ragged_from_lists
from filters.reasons import Reasons
from filters.validity import NULL_TEXT, is_damaged, text_rejections, token_rejections
from filters.vocabulary import Vocabulary, read_vocabulary
from spark.sources.input_columns import InputColumns
from spark.storage.paths import AnyPath
from utils import UserError, printable


class CorpusBatch(NamedTuple):
    """Consecutive rows of a corpus.

    sequence_ids: int64, shape (rows,). tokens: any unsigned type, or int32 without negative values.
    """

    sequence_ids: NDArray[np.int64]
    tokens: RaggedArray


@dataclass(frozen=True)
class TokenReader:
    """Reader of tokens from the columns of a table; it is sent to the workers.

    columns: the role of each column. tokenizer_json: content of the tokenizer's file; None if there is no tokenizer, or
    if token ids need no check.
    """

    columns: InputColumns
    tokenizer_json: str | None = field(repr=False)  # megabytes

    @property
    def names(self) -> list[str]:
        """The names of the columns that are read."""
        needed = (self.columns.sequence_id, self.columns.tokens or self.columns.text)
        return [name for name in needed if name is not None]

    @property
    def vocabulary(self) -> Vocabulary | None:
        """The vocabulary of the tokenizer, loaded once per process; None without one."""
        return _vocabulary(self.tokenizer_json) if self.tokenizer_json else None

    def batch(self, table: pa.RecordBatch, first_row: int, path: AnyPath) -> CorpusBatch:
        """Return the ids and tokens of a batch; raise UserError for a row that cannot be counted.

        first_row: number of the batch's first row, used as its id if there is no id column. path: for messages.
        """
        vocabulary = self.vocabulary
        ids = self._sequence_ids(table, first_row, path)
        if self.columns.tokens is not None:
            tokens = plain_lists(table[self.columns.tokens])
            known = None if vocabulary is None else vocabulary.in_vocabulary
            _require_none(token_rejections(tokens, known), ids, path)
            return CorpusBatch(ids, ragged_from_lists(tokens.cast(pa.list_(pa.int32()))))
        assert self.columns.text is not None and vocabulary is not None  # checked before Spark starts
        text = plain_text(table[self.columns.text])
        _require_none(text_rejections(text, NULL_TEXT), ids, path)
        return CorpusBatch(ids, ragged_from_lists(encode_text(text, vocabulary.tokenizer)))

    def _sequence_ids(self, table: pa.RecordBatch, first_row: int, path: AnyPath) -> NDArray[np.int64]:
        if self.columns.sequence_id is None:
            return np.arange(first_row, first_row + len(table))
        column = table[self.columns.sequence_id]
        if column.null_count:
            raise UserError(
                f"{printable(str(path))}: expected a sequence_id in every row, found null.\n"
                "Give every row an id, or remove the column."
            )
        ids: NDArray[np.int64] = np.asarray(column.cast(pa.int64()))
        return ids


@lru_cache(maxsize=2)
def _vocabulary(tokenizer_json: str) -> Vocabulary:
    from tokenizers import Tokenizer

    return read_vocabulary(Tokenizer.from_str(tokenizer_json))


def _require_none(reasons: Reasons, ids: NDArray[np.int64], path: AnyPath) -> None:
    for row in np.flatnonzero(is_damaged(reasons))[:1]:
        raise UserError(
            f"{printable(str(path))}: sequence_id {ids[row]}: {printable(str(reasons[row]))}.\n"
            "Counts of the corpus would be wrong without this row. Correct or remove it."
        )
