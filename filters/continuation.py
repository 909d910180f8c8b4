"""Where the prompt and the continuation of a sequence lie.

The continuation is the last tokens of a sequence, and the prompt the tokens before it. A language model has to
reproduce the continuation; a corpus is searched for its duplicates.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filters.contract import RaggedArray

# As the Pythia models were tested for memorization: Biderman et al. 2023, arXiv:2304.11158.
PROMPT_TOKENS, CONTINUATION_TOKENS = 32, 32


def cut_ends(tokens: RaggedArray, length: int) -> tuple[NDArray[np.int64], NDArray[np.generic]]:
    """Return the last `length` tokens of each sequence: the prompt, then the continuation.

    length: the number of their tokens together. Returns the positions of the sequences that are long enough, int64,
    shape (rows,); and their last tokens, shape (rows, length), in the type of the values.
    """
    rows = np.flatnonzero(np.diff(tokens.offsets) >= length)
    return rows, tokens.values[tokens.offsets[rows + 1, None] - length + np.arange(length)]
