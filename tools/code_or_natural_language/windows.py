"""Windows cut out of documents as the token sequences are, and the label that each gets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filters.contract import RaggedArray
from tools.code_or_natural_language.documents import Document, encode_with_mask
from tools.code_or_natural_language.variation import vary

# A window of which this share of the visible bytes is code is code: people who label mixed windows call them code
# well before the half.
CODE_SHARE = 0.4
# Between these shares a window of a file that we found is left out: whether a path or a flag within a sentence is code
# is decided by rules that err there. Windows of our own texts, and those that run from one document into another, stay.
DISPUTED_SHARES = (0.2, 0.6)


@dataclass(frozen=True)
class Windows:
    """Texts, for each whether it is natural language, its kind of source, and which part of the data it falls to."""

    texts: RaggedArray
    is_natural: NDArray[np.bool_]
    kinds: NDArray[np.str_]
    splits: NDArray[np.int8]

    def of(self, chosen: NDArray[np.bool_]) -> Windows:
        """The chosen ones."""
        lengths = np.diff(self.texts.offsets)
        offsets = np.concatenate(([0], np.cumsum(lengths[chosen]))).astype(np.int64)
        values = self.texts.values[np.repeat(chosen, lengths)]
        return Windows(RaggedArray(values, offsets), self.is_natural[chosen], self.kinds[chosen], self.splits[chosen])


def _length(rng: np.random.Generator) -> int:
    """Bytes of a window: 64 tokens are 100 to 330 of them; one in eight is shorter, as users' own texts may be."""
    return int(rng.integers(12, 100)) if rng.random() < 0.12 else int(rng.integers(100, 330))


def cut(documents: list[Document], count: int, splice: float, rng: np.random.Generator) -> list[tuple[bytes, bool]]:
    """`count` windows out of the documents; a share of `splice` of them runs from one document into the next."""
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
    """The window as valid UTF-8 and whether it is natural language; None where that is disputed or unseen."""
    visible = ~np.isin(np.frombuffer(data, np.uint8), (9, 10, 13, 32))
    if visible.sum() < 8:
        return None
    share = float(mask[visible].mean())
    if not is_exact and DISPUTED_SHARES[0] < share < DISPUTED_SHARES[1]:
        return None
    text = data.decode("utf-8", "replace" if rng.random() < 0.5 else "ignore").encode()
    return text, share < CODE_SHARE
