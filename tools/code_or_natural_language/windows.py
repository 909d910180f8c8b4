"""Windows: labelled pieces of documents, about as long as token sequences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filters.contract import RaggedArray
from tools.code_or_natural_language.documents import Document, encode_with_mask
from tools.code_or_natural_language.variation import vary

# A window is code from this share of code among its visible bytes on: people label mixed windows as code well before
# one half.
CODE_SHARE = 0.4
# Windows of files with a share between these two are left out: fallible rules decide there whether a path or a flag
# within a sentence is code. Windows of generated texts, and windows of two spliced documents, stay.
DISPUTED_SHARES = (0.2, 0.6)


@dataclass(frozen=True)
class Windows:
    """Texts, and for each: whether it is natural language, its kind of source, and its part of the data.

    splits: `TRAIN`, `CALIBRATE` or `VALIDATE` of collect.py.
    """

    texts: RaggedArray
    is_natural: NDArray[np.bool_]
    kinds: NDArray[np.str_]
    splits: NDArray[np.int8]

    def of(self, chosen: NDArray[np.bool_]) -> Windows:
        """Return the chosen windows. chosen: bool, one per window."""
        lengths = np.diff(self.texts.offsets)
        offsets = np.concatenate(([0], np.cumsum(lengths[chosen]))).astype(np.int64)
        values = self.texts.values[np.repeat(chosen, lengths)]
        return Windows(RaggedArray(values, offsets), self.is_natural[chosen], self.kinds[chosen], self.splits[chosen])


def _length(rng: np.random.Generator) -> int:
    """Return the length of a window in bytes: 64 tokens take 100 to 330; one in eight is shorter, like users' texts."""
    return int(rng.integers(12, 100)) if rng.random() < 0.12 else int(rng.integers(100, 330))


def cut(documents: list[Document], count: int, splice: float, rng: np.random.Generator) -> list[tuple[bytes, bool]]:
    """Return about `count` windows of the documents; a share `splice` of them joins two documents."""
    varied = [vary(document, rng) for document in documents]
    encoded = [(*encode_with_mask(document.parts), document.is_exact) for document in varied]
    encoded = [one for one in encoded if len(one[0]) >= 12]
    if not encoded:
        return []
    odds = np.array([min(len(data), 20_000) ** 0.5 for data, _, _ in encoded])
    chosen = rng.choice(len(encoded), size=(count, 2), p=odds / odds.sum())
    windows = []
    for first, second in chosen:
        data, mask, is_exact = encoded[first]
        length = _length(rng)
        begin = int(rng.integers(0, max(1, len(data) - min(length, 24))))
        spliced = rng.random() < splice
        if spliced:
            begin = max(0, len(data) - int(rng.integers(20, max(21, length))))
            data, mask = data[begin:] + encoded[second][0], np.concatenate((mask[begin:], encoded[second][1]))
            begin = 0
        labelled = _labelled(data[begin : begin + length], mask[begin : begin + length], spliced or is_exact, rng)
        if labelled:
            windows.append(labelled)
    return windows


def _labelled(
    data: bytes, mask: NDArray[np.bool_], is_exact: bool, rng: np.random.Generator
) -> tuple[bytes, bool] | None:
    """Return the window as valid UTF-8, and whether it is natural language; None if disputed or almost blank."""
    visible = ~np.isin(np.frombuffer(data, np.uint8), (9, 10, 13, 32))
    if visible.sum() < 8:
        return None
    share = float(mask[visible].mean())
    if not is_exact and DISPUTED_SHARES[0] < share < DISPUTED_SHARES[1]:
        return None
    text = data.decode("utf-8", "replace" if rng.random() < 0.5 else "ignore").encode()
    return text, share < CODE_SHARE
