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
    """Return the truth about every sequence."""
    return pq.read_table(truth_path())


@cache
def corpus(scheme: str) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the ids of a scheme's sequences, and their tokens, shape (sequences, 64)."""
    table = pq.read_table(corpus_path(scheme))
    lists = table["tokens"].combine_chunks()
    assert set(np.diff(lists.offsets.to_numpy())) == {64}
    return table["sequence_id"].to_numpy(), lists.values.to_numpy().reshape(-1, 64)


@cache
def tokenizer() -> Tokenizer:
    """Return the sample's tokenizer."""
    return Tokenizer.from_file(str(tokenizer_path()))


def decoded(tokens: NDArray[np.int32]) -> str:
    """Return the text of some tokens, with special tokens."""
    text: str = tokenizer().decode(tokens.tolist(), skip_special_tokens=False)
    return text


def different_rows(**equal: Any) -> list[dict[str, Any]]:
    """Return the truth about sequences with these values, once per different row, with `text` and `token_ids`."""
    table, seen, found = truth(), set(), []
    tokens = corpus("duped")[1]
    for position, record in enumerate(table.to_pylist()):
        if record["row_id"] not in seen and all(record[name] == value for name, value in equal.items()):
            seen.add(record["row_id"])
            found.append(record | {"text": decoded(tokens[position]), "token_ids": tokens[position]})
    return found
