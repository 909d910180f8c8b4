"""Sentence embeddings: the mean of what a transformer says of a text's tokens, at length 1.

Reimers and Gurevych 2019, Sentence-BERT, arXiv:1908.10084, as sentence-transformers configures all-MiniLM-L6-v2.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.semantic_duplicates.encoding import encode, tokenize
from features.semantic_duplicates.model import EmbeddingModel
from filters.errors import UserError, printable
from filters.language_model.batching import cut_batches, in_parts_that_fit

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
