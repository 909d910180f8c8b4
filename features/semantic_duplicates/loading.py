"""Load a sentence embedding model from its directory."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from features.semantic_duplicates.encoding import Encoder, encode, tokenize
from features.semantic_duplicates.model import MODEL_ADVICE, EmbeddingModel
from filters.errors import UserError, printable
from filters.language_model.devices import device_name, put_on_device
from filters.language_model.loading import LAYER_WEIGHT
from filters.tokenizer import switch_off_sampling

UNUSED_LAYER = "pooler."  # the pooler, a layer over the first token, is not used by mean pooling
PADDING_TOLERANCE = 1e-4  # between a text alone and beside a longer one; float32 rounding changes it by about 1e-7
PROBES = ("a", "a second text that is longer than the first")


@lru_cache(maxsize=1)
def load_encoder_once(model: EmbeddingModel, stamp: tuple[tuple[str, int, int], ...]) -> Encoder:
    """Return the loaded model; a process holds one at a time.

    stamp: `file_stamp` of its directory, so that a changed model is reloaded. Raises UserError if the model cannot be
        loaded, or its embedding of a text depends on the other texts in the batch.
    """
    load_encoder_once.cache_clear()  # free the previous model before loading this one
    encoder = load_encoder(model)
    if _depends_on_padding(encoder):
        raise _error(model, "its embedding of a text depends on the texts beside it")
    return encoder


def load_encoder(model: EmbeddingModel) -> Encoder:
    """Load the tokenizer and the network from the directory, in evaluation mode and float32.

    No code from the directory is run, and weights other than safetensors are loaded as tensors only. Raises UserError
    if they cannot be loaded.
    """
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(model.directory, local_files_only=True, trust_remote_code=False)
        network, loaded = AutoModel.from_pretrained(
            model.directory,
            dtype=torch.float32,
            local_files_only=True,
            trust_remote_code=False,
            weights_only=True,
            output_loading_info=True,
        )
    except Exception as error:  # the library raises many kinds of errors
        reason = printable(" ".join(str(error).split()))[:300]
        raise _error(model, f"it cannot be loaded: {type(error).__name__}: {reason}") from None
    wrong = _wrong_tensors(loaded)
    if wrong:
        # transformers would fill them with random numbers.
        raise _error(model, f"weights and config.json differ in {len(wrong)} tensors, such as {printable(wrong[0])}")
    # Stored truncation and padding have no effect: `tokenize` states both.
    if (backend := getattr(tokenizer, "backend_tokenizer", None)) is not None:
        switch_off_sampling(backend)
    if network.config.is_encoder_decoder:
        raise _error(model, "expected an encoder, found one with a decoder")
    bound = getattr(network.config, "max_position_embeddings", None) or tokenizer.model_max_length
    longest = model.longest or min(bound, tokenizer.model_max_length)
    if longest > bound:
        raise _error(model, f"max_seq_length is {longest}, and the network reads {bound} tokens")
    network = put_on_device(network, model.device, f"--embedding_model {printable(str(model.directory))}")
    logging.getLogger("memorization").info("loaded %s on %s", model.directory, device_name(network.device))
    return Encoder(tokenizer, network, longest, model.lower_case)


def _wrong_tensors(loaded: dict[str, Any]) -> list[str]:
    """Return the names of tensors that the weights lack, and of layer weights that the network has no place for."""
    missing = [str(key) for key in (*loaded["missing_keys"], *loaded["mismatched_keys"])]
    left_over = [key for key in map(str, loaded["unexpected_keys"]) if LAYER_WEIGHT.search(key)]
    return sorted([key for key in missing if not key.startswith(UNUSED_LAYER)] + left_over)


def _depends_on_padding(encoder: Encoder) -> bool:
    tokens = tokenize(encoder, PROBES)
    together, alone = encode(encoder, tokens, np.array([0, 1])), encode(encoder, tokens, np.array([0]))
    return not bool((together[:1] - alone).abs().max() <= PADDING_TOLERANCE)  # NaN fails this comparison too


def _error(model: EmbeddingModel, problem: str) -> UserError:
    return UserError(f"--embedding_model {printable(str(model.directory))}: {problem}.\n{MODEL_ADVICE}")
