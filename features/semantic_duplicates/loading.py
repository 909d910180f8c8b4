"""A sentence embedding model from its directory, ready to embed."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from features.semantic_duplicates.encoding import Encoder, encode, tokenize
from features.semantic_duplicates.model import GIVE, EmbeddingModel
from filters.errors import UserError, printable
from filters.language_model.loading import OF_A_LAYER

NOT_READ = "pooler."  # a layer over the first token, which the mean over all tokens does not use
MOST_MOVED = 1e-4  # between a text alone and beside a longer one: float32 moves it by some 1e-7
PROBES = ("a", "a second text that is longer than the first")


@lru_cache(maxsize=1)
def load_encoder_once(model: EmbeddingModel, stamp: tuple[tuple[str, int, int], ...]) -> Encoder:
    """The loaded model, the same until another is asked for; a process holds one at a time.

    stamp: `file_stamp` of its directory. Raises UserError where it cannot be loaded, or embeds a text differently
    beside other ones.
    """
    load_encoder_once.cache_clear()  # else the one before would stay until this one is there
    encoder = load_encoder(model)
    if _is_moved_by_padding(encoder):
        raise _refusal(model, "its embedding of a text depends on the texts beside it")
    return encoder


def load_encoder(model: EmbeddingModel) -> Encoder:
    """The tokenizer and the network that `transformers` reads from the directory, in evaluation mode and in float32.

    No code of the model's own is run, and weights that are not safetensors are read as numbers and nothing else.
    Raises UserError where they cannot be loaded.
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
    except Exception as error:  # the library raises whatever it stumbles over
        reason = printable(" ".join(str(error).split()))[:300]
        raise _refusal(model, f"it cannot be loaded: {type(error).__name__}: {reason}") from None
    wrong = _wrong_tensors(loaded)
    if wrong:
        # transformers would put random numbers in their place.
        raise _refusal(model, f"weights and config.json differ in {len(wrong)} tensors, such as {printable(wrong[0])}")
    if network.config.is_encoder_decoder:
        raise _refusal(model, "expected an encoder, found one with a decoder")
    bound = getattr(network.config, "max_position_embeddings", None) or tokenizer.model_max_length
    longest = model.longest or min(bound, tokenizer.model_max_length)
    if longest > bound:
        raise _refusal(model, f"max_seq_length is {longest}, and the network reads {bound} tokens")
    device = model.device or ("cuda" if torch.cuda.is_available() else "cpu")
    logging.getLogger("memorization").info("loaded %s", model.directory)
    return Encoder(tokenizer, network.to(device), longest, model.lower_case)


def _wrong_tensors(loaded: dict[str, Any]) -> list[str]:
    """The names of those that the network needs and the weights lack, and of those of layers that it does not have."""
    missing = [str(key) for key in (*loaded["missing_keys"], *loaded["mismatched_keys"])]
    left_over = [key for key in map(str, loaded["unexpected_keys"]) if OF_A_LAYER.search(key)]
    return sorted([key for key in missing if not key.startswith(NOT_READ)] + left_over)


def _is_moved_by_padding(encoder: Encoder) -> bool:
    tokens = tokenize(encoder, PROBES)
    together, alone = encode(encoder, tokens, np.array([0, 1])), encode(encoder, tokens, np.array([0]))
    return not bool((together[:1] - alone).abs().max() <= MOST_MOVED)  # NaN is not at most that


def _refusal(model: EmbeddingModel, problem: str) -> UserError:
    return UserError(f"--embedding_model {printable(str(model.directory))}: {problem}.\n{GIVE}")
