"""Run texts through a loaded sentence embedding model: tokenize, and embed batches of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from filters.contract import RaggedArray
from filters.language_model.padding import pad_rows

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


class Encoder(NamedTuple):
    """A loaded model. longest: maximum tokens of a text that it reads."""

    tokenizer: Any
    network: PreTrainedModel
    longest: int
    lower_case: bool


def tokenize(encoder: Encoder, texts: Sequence[str]) -> RaggedArray:
    """Return the token ids of each text with the model's special tokens, without padding."""
    if not len(texts):
        return RaggedArray(np.zeros(0, np.int64), np.zeros(1, np.int64))
    given = [text.lower() for text in texts] if encoder.lower_case else list(texts)
    rows = encoder.tokenizer(given, truncation=True, max_length=encoder.longest, padding=False)["input_ids"]
    offsets = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    return RaggedArray(np.fromiter((token for row in rows for token in row), np.int64, offsets[-1]), offsets)


def encode(encoder: Encoder, tokens: RaggedArray, rows: NDArray[np.int64]) -> torch.Tensor:
    """Return the embeddings of some rows of token ids, computed as one batch; shape (rows, dimensions)."""
    import torch

    ids, real = pad_rows(tokens, rows)  # any padding id will do: the mask hides it
    device = encoder.network.device
    mask = torch.from_numpy(real).to(device)
    with torch.inference_mode():
        hidden = encoder.network(torch.from_numpy(ids).to(device), attention_mask=mask.long()).last_hidden_state
        # The divisor of the mean does not matter, since the result is normalized.
        summed = (hidden * mask[:, :, None]).sum(dim=1)
        return torch.nn.functional.normalize(summed / mask.sum(dim=1, keepdim=True), dim=1)
