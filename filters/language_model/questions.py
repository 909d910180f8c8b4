"""Compute the outputs of a loaded model for sequences that it accepts."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from filters.continuation import cut_ends
from filters.contract import Input, RaggedArray
from filters.language_model.answers import Answers, Extraction, Predictions
from filters.language_model.attention import measure_attention
from filters.language_model.forward import predict
from filters.language_model.greedy import count_reproduced
from filters.language_model.model import LanguageModel

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# Memory limit of a batch, beside the model: its logits, its keys and values, or its attention.
BYTES_ON_A_CPU, BYTES_ON_A_GPU = 1 << 28, 1 << 32
BYTES_OF_FLOAT32 = 4
BYTES_OF_ATTENTION = 32  # that its statistics need for each weight of a layer: about three numbers of 64 bits


class Ends(NamedTuple):
    """The last tokens of the sequences that are long enough, with predictions for all of them except the first.

    rows: int64, the sequences' positions. tokens: int64, shape (rows, width).
    log_likelihood: float64, first_choice: int64; both of shape (rows, width - 1).
    """

    rows: NDArray[np.int64]
    tokens: NDArray[np.int64]
    log_likelihood: NDArray[np.float64]
    first_choice: NDArray[np.int64]


def answer(loaded: PreTrainedModel, model: LanguageModel, tokens: RaggedArray, wanted: Set[Input]) -> Answers:
    """Return the wanted outputs for all sequences, each of which the model must accept."""
    config = loaded.config.get_text_config()
    predictions = extraction = decoded_share = attention = None
    if "predictions" in wanted:
        predictions = predict(loaded, tokens, batch_tokens(loaded, config.vocab_size, model.batch_bytes))
    if not wanted.isdisjoint(("extraction", "decoded_share")):
        ends = predict_ends(loaded, model, tokens, predictions)
        extraction = split_ends(ends, model.prompt_tokens)
        if "decoded_share" in wanted:
            decoded_share = np.full(len(tokens.offsets) - 1, np.nan)
            decoded_share[ends.rows] = share_reproduced(loaded, model, ends)
    if "attention" in wanted:
        longest = int(np.diff(tokens.offsets).max(initial=1))
        layers = config.num_hidden_layers + BYTES_OF_ATTENTION // loaded.dtype.itemsize
        numbers_a_token = layers * config.num_attention_heads * longest + config.vocab_size  # weights and logits
        attention = measure_attention(loaded, tokens, batch_tokens(loaded, numbers_a_token, model.batch_bytes))
    return Answers(predictions, extraction, decoded_share, attention)


def batch_tokens(loaded: PreTrainedModel, numbers_a_token: int, batch_bytes: int | None = None) -> int:
    """Return how many tokens to run at once, if the largest output has `numbers_a_token` numbers per token.

    The numbers have the model's precision on a GPU; on a CPU, they are converted to float32.
    """
    on_a_cpu = loaded.device.type == "cpu"
    if batch_bytes is None:
        batch_bytes = BYTES_ON_A_CPU if on_a_cpu else BYTES_ON_A_GPU
    bytes_a_number = BYTES_OF_FLOAT32 if on_a_cpu else loaded.dtype.itemsize
    return max(1, batch_bytes // (bytes_a_number * numbers_a_token))


def predict_ends(loaded: PreTrainedModel, model: LanguageModel, tokens: RaggedArray, known: Predictions | None) -> Ends:
    """Return the predictions for prompt and continuation, the last tokens of each sequence, without those before.

    known: predictions for the whole sequences; they are reused for sequences without tokens before the prompt.
    """
    width = model.prompt_tokens + model.continuation_tokens
    rows, cut = cut_ends(tokens, width)
    ends = cut.astype(np.int64)
    log_likelihood, first_choice = np.empty((len(rows), width - 1)), np.empty((len(rows), width - 1), np.int64)
    is_known = (np.diff(tokens.offsets)[rows] == width) & (known is not None)
    if known is not None:
        places = known.offsets[rows[is_known], None] + np.arange(width - 1)
        log_likelihood[is_known], first_choice[is_known] = known.log_likelihood[places], known.first_choice[places]
    unknown = ends[~is_known]
    if len(unknown):
        new_rows = RaggedArray(unknown.ravel(), np.arange(len(unknown) + 1) * width)
        vocabulary_size = loaded.config.get_text_config().vocab_size
        found = predict(loaded, new_rows, batch_tokens(loaded, vocabulary_size, model.batch_bytes))
        log_likelihood[~is_known] = found.log_likelihood.reshape(-1, width - 1)
        first_choice[~is_known] = found.first_choice.reshape(-1, width - 1)
    return Ends(rows, ends, log_likelihood, first_choice)


def split_ends(ends: Ends, prompt_tokens: int) -> Extraction:
    """Split the ends into prompt and continuation."""
    prompt, continuation = np.split(ends.log_likelihood, [prompt_tokens - 1], axis=1)
    is_first_choice = ends.first_choice[:, prompt_tokens - 1 :] == ends.tokens[:, prompt_tokens:]
    return Extraction(ends.rows, prompt, continuation, is_first_choice)


def share_reproduced(loaded: PreTrainedModel, model: LanguageModel, ends: Ends) -> NDArray[np.float64]:
    """Return the share of each end's continuation that greedy decoding from the prompt reproduces; shape (rows,)."""
    config = loaded.config.get_text_config()
    prompts, continuations = np.split(ends.tokens, [model.prompt_tokens], axis=1)
    # Decoding keeps the keys and values of every token, and the logits of each row's last token.
    kept = 2 * config.num_hidden_layers * config.hidden_size + config.vocab_size // ends.tokens.shape[1]
    first_choices = ends.first_choice[:, model.prompt_tokens - 1 :]
    tokens_a_batch = batch_tokens(loaded, kept, model.batch_bytes)
    reproduced = count_reproduced(loaded, prompts, continuations, first_choices, tokens_a_batch)
    shares: NDArray[np.float64] = reproduced / continuations.shape[1]
    return shares
