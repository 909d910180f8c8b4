"""Compute sentence embeddings: the mean of a transformer's token states, normalized to length 1.

Reimers and Gurevych 2019, Sentence-BERT, arXiv:1908.10084, as sentence-transformers configures all-MiniLM-L6-v2.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.semantic_duplicates.encoding import encode, tokenize
from features.semantic_duplicates.model import EmbeddingModel
from filters.errors import UserError, printable
from filters.language_model.batching import cut_batches, run_halving_on_lack_of_memory

# Tokens of one pass, with padding: a CPU is fastest with what its caches hold, a GPU needs large batches.
TOKENS_A_BATCH = {"cpu": 1_024, "cuda": 65_536}


def embed(texts: Sequence[str], model: EmbeddingModel, tokens_a_batch: int | None = None) -> NDArray[np.float32]:
    """Return the embeddings of the texts, float32, shape (texts, dimensions), each of length 1.

    A text's embedding does not depend on the other texts, except for rounding (1e-6). Texts are truncated to the
    model's maximum length. Raises UserError if the model cannot be loaded, or its embeddings are not finite.
    """
    import torch

    from features.semantic_duplicates.loading import load_encoder_once
    from filters.language_model.loading import file_stamp

    encoder = load_encoder_once(model, file_stamp(model.directory))
    tokens = tokenize(encoder, texts)
    found = np.empty((len(texts), encoder.network.config.hidden_size), np.float32)
    if tokens_a_batch is None:
        tokens_a_batch = TOKENS_A_BATCH.get(encoder.network.device.type, TOKENS_A_BATCH["cpu"])
    for rows in cut_batches(np.diff(tokens.offsets), tokens_a_batch):
        parts = run_halving_on_lack_of_memory(lambda part: encode(encoder, tokens, part), rows)
        found[rows] = torch.cat(parts).cpu().numpy()
    wrong = np.flatnonzero(~np.isfinite(found).all(axis=1))
    if len(wrong):
        raise UserError(
            f"--embedding_model {printable(str(model.directory))}: its embedding of "
            f"{printable(texts[wrong[0]][:50])!r} is not a number (NaN).\n"
            "Give another model, or download its weights again."
        )
    return found
