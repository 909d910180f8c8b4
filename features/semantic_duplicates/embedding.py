"""Sentence embeddings: the mean of what a transformer says of a text's tokens, at length 1.

Reimers and Gurevych 2019, Sentence-BERT, arXiv:1908.10084, as sentence-transformers configures all-MiniLM-L6-v2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from features.semantic_duplicates.model import EmbeddingModel
from filters.contract import RaggedArray
from filters.language_model.batching import cut_batches, in_parts_that_fit
from utils import UserError, printable

if TYPE_CHECKING:
    import torch

    from features.semantic_duplicates.loading import Encoder

# What one pass takes, padding counted: on a CPU what its caches hold is fastest, a GPU wants much at once.
TOKENS_A_BATCH = {"cpu": 1_024, "cuda": 65_536}


def embed(texts: Sequence[str], model: EmbeddingModel) -> NDArray[np.float32]:
    """The embeddings of the texts, float32, shape (texts, dimensions), each of length 1.

    A text's embedding depends on no other text, but for rounding (1e-6). Texts are cut off after the model's longest.
    Raises UserError where the model cannot be loaded, or gives what is no number.
    """
    import torch

    from features.semantic_duplicates.loading import load_encoder_once
    from filters.language_model.loading import file_stamp

    encoder = load_encoder_once(model, file_stamp(model.directory))
    tokens = tokenize(encoder, texts)
    found = np.empty((len(texts), encoder.network.config.hidden_size), np.float32)
    tokens_a_batch = TOKENS_A_BATCH.get(encoder.network.device.type, TOKENS_A_BATCH["cpu"])
    for rows in cut_batches(np.diff(tokens.offsets), tokens_a_batch):
        parts = in_parts_that_fit(lambda part: encode(encoder, tokens, part), rows)
        found[rows] = torch.cat(parts).cpu().numpy()
    wrong = np.flatnonzero(~np.isfinite(found).all(axis=1))
    if len(wrong):
        raise UserError(
            f"--embedding_model {printable(str(model.directory))}: its embeddings are no numbers (NaN), such as that "
            f"of {printable(texts[wrong[0]][:50])!r}.\nGive another model, or its weights anew."
        )
    return found


def tokenize(encoder: Encoder, texts: Sequence[str]) -> RaggedArray:
    """The token ids of each text as the model reads them: its special tokens around them, no padding."""
    if not len(texts):
        return RaggedArray(np.zeros(0, np.int64), np.zeros(1, np.int64))
    given = [text.lower() for text in texts] if encoder.lower_case else list(texts)
    rows = encoder.tokenizer(given, truncation=True, max_length=encoder.longest, padding=False)["input_ids"]
    offsets = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    return RaggedArray(np.fromiter((token for row in rows for token in row), np.int64, offsets[-1]), offsets)


def encode(encoder: Encoder, tokens: RaggedArray, rows: NDArray[np.int64]) -> torch.Tensor:
    """The embeddings of some rows of token ids, which go through the network together; shape (rows, dimensions)."""
    import torch

    from filters.language_model.padding import pad_rows

    ids, real = pad_rows(tokens, rows)  # with any token: the mask hides it, and it stands behind the text
    device = encoder.network.device
    mask = torch.from_numpy(real).to(device)
    with torch.inference_mode():
        hidden = encoder.network(torch.from_numpy(ids).to(device), attention_mask=mask.long()).last_hidden_state
        # The length that the sum is divided by does not matter to what has length 1 in the end.
        summed = (hidden * mask[:, :, None]).sum(dim=1)
        return torch.nn.functional.normalize(summed / mask.sum(dim=1, keepdim=True), dim=1)
