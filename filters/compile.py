"""Compiles every filter once, into numba's cache on disk, so that the first run need not.

`python -m filters.compile`; `make setup` calls it.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer, decoders, models

from filters import apply_filters


def compile_filters() -> None:
    """Runs every filter over two short rows."""
    tokenizer = Tokenizer(models.BPE({"a": 0, "1": 1, "Ċ": 2}, []))
    tokenizer.decoder = decoders.ByteLevel()
    table = pa.table({"tokens": pa.array([[0, 1, 2], [1, 1, 1, 1]], pa.list_(pa.int32()))})
    apply_filters(table, tokenizer, token_frequencies=np.ones(3, np.int64))


if __name__ == "__main__":
    compile_filters()
