"""The committed sample, read for the tests."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sample.paths import corpus_path, tokenizer_path, truth_path


@cache
def truth() -> pa.Table:
    """The truth of every sequence."""
    return pq.read_table(truth_path())


@cache
def corpus(scheme: str) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The ids of a scheme's sequences, and their tokens as a matrix of 64 columns."""
    table = pq.read_table(corpus_path(scheme))
    lists = table["tokens"].combine_chunks()
    assert set(np.diff(lists.offsets.to_numpy())) == {64}
    return table["sequence_id"].to_numpy(), lists.values.to_numpy().reshape(-1, 64)


@cache
def tokenizer() -> Tokenizer:
    """The sample's tokenizer."""
    return Tokenizer.from_file(str(tokenizer_path()))


def decoded(tokens: NDArray[np.int32]) -> str:
    """The text of some tokens, special ones included."""
    text: str = tokenizer().decode(tokens.tolist(), skip_special_tokens=False)
    return text


def different_rows(**equal: Any) -> list[dict[str, Any]]:
    """The truth of sequences with these values, one for each different row, with their `text` and `token_ids`."""
    table, seen, found = truth(), set(), []
    tokens = corpus("duped")[1]
    for position, record in enumerate(table.to_pylist()):
        if record["row_id"] not in seen and all(record[name] == value for name, value in equal.items()):
            seen.add(record["row_id"])
            found.append(record | {"text": decoded(tokens[position]), "token_ids": tokens[position]})
    return found
