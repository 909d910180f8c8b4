"""Compile every filter into numba's cache on disk, so that the first run starts fast.

`make setup` runs `python -m filters.compile`.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer, decoders, models

from filters import apply_filters
from filters.language_model.logit_sums import add_up_gaps


def compile_filters() -> None:
    """Run the filters that need no model over two short rows, and the logit sums of the model filters over one.

    One of the rows decodes to malformed UTF-8 (ÿ stands for the byte 255).
    """
    tokenizer = Tokenizer(models.BPE({"a": 0, "1": 1, "Ċ": 2, "ÿ": 3}, []))
    tokenizer.decoder = decoders.ByteLevel()
    table = pa.table({"tokens": pa.array([[0, 1, 2], [1, 1, 1, 3]], pa.list_(pa.int32()))})
    apply_filters(table, tokenizer, token_frequencies=np.ones(4, np.int64))
    add_up_gaps(np.zeros((1, 2), np.float32), np.zeros(1, np.int64))


if __name__ == "__main__":
    compile_filters()
