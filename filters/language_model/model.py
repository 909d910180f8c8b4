"""Describe a language model before it is loaded: directory, accepted sequences, settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from filters.continuation import CONTINUATION_TOKENS, PROMPT_TOKENS
from filters.contract import MIN_K_PERCENT, RaggedArray
from filters.errors import UserError, printable
from filters.language_model.context import context_tokens
from filters.reasons import Reason, ReasonKind, Reasons

Precision = Literal["float32", "bfloat16", "float16"]
MODEL_ADVICE = "Give a causal language model that this version of transformers supports, saved by save_pretrained."


@dataclass(frozen=True)
class LanguageModel:
    """A causal language model in a directory, and its settings. It is loaded on first use, once per process.

    vocabulary_size: its token ids are below this. context_tokens: the longest sequence it accepts; None if unbounded.
    prompt_tokens, continuation_tokens: the continuation is the last tokens of a sequence; the prompt precedes it.
    device: a torch device name; None for the first GPU, or the CPU without one.
    batch_bytes: memory limit of a batch, beside the weights; None for 256 MiB on a CPU, 4 GiB on a GPU.
    """

    directory: Path
    vocabulary_size: int
    context_tokens: int | None
    prompt_tokens: int = PROMPT_TOKENS
    continuation_tokens: int = CONTINUATION_TOKENS
    min_k_percent: float = MIN_K_PERCENT
    precision: Precision = "float32"
    device: str | None = None
    batch_bytes: int | None = None


def model_rejections(model: LanguageModel, tokens: RaggedArray) -> Reasons:
    """Return why the model cannot score each sequence; None if it can; shape (rows,)."""
    lengths = np.diff(tokens.offsets)
    reasons = np.full(len(lengths), None, object)
    bound = model.vocabulary_size
    # Backwards, so that the first such token of a row gives the reason.
    for position in np.flatnonzero(np.asarray(tokens.values) >= np.int64(bound))[::-1]:
        row = np.searchsorted(tokens.offsets, position, side="right") - 1
        text = f"token id {tokens.values[position]} is not one of the language model's (ids below {bound})"
        reasons[row] = Reason(ReasonKind.UNKNOWN_TOKEN, text)
    if model.context_tokens is not None:
        for row in np.flatnonzero(lengths > model.context_tokens):
            text = f"{lengths[row]} tokens are more than the language model's context of {model.context_tokens}"
            reasons[row] = Reason(ReasonKind.TOO_LONG, text)
    return reasons


def read_language_model(directory: Path, **how: Any) -> LanguageModel:
    """Read the settings of a model that `transformers` saved in a directory, without its weights.

    how: further fields of `LanguageModel`. Raises UserError if the directory holds no causal language model, or its
        context is shorter than prompt and continuation.
    """
    from transformers import AutoConfig
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    name = printable(str(directory))
    if not directory.is_dir():
        raise UserError(f"--model {name}: no such directory.\n{MODEL_ADVICE}")
    try:
        config = AutoConfig.from_pretrained(directory, local_files_only=True, trust_remote_code=False)
        text = config.get_text_config()
        vocabulary_size, context = int(text.vocab_size), context_tokens(text)
    except Exception as error:  # the library raises many kinds of errors
        reason = printable(" ".join(str(error).split()))[:300]
        raise UserError(f"--model {name}: its config.json cannot be read: {reason}\n{MODEL_ADVICE}") from None
    if config.model_type not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES or getattr(config, "is_encoder_decoder", False):
        kind = printable(str(config.model_type))
        raise UserError(f"--model {name}: a model of type {kind!r} does not predict the next token.\n{MODEL_ADVICE}")
    found = LanguageModel(directory, vocabulary_size, context, **how)
    needed = found.prompt_tokens + found.continuation_tokens
    if found.context_tokens is not None and found.context_tokens < needed:
        raise UserError(
            f"--model {name}: its context of {found.context_tokens} tokens is shorter than prompt and continuation, "
            f"{needed} tokens.\nGive fewer --prompt_tokens or --continuation_tokens, or another model."
        )
    return found


def weight_bytes(model: LanguageModel) -> int:
    """Return an upper bound of the bytes of the model's weights at its precision, assuming 16 bits in the file."""
    sizes = [sum(path.stat().st_size for path in model.directory.glob(each)) for each in ("*.safetensors", "*.bin")]
    return (sizes[0] or sizes[1]) * (2 if model.precision == "float32" else 1)
