"""What a loaded model is asked of sequences that it takes, and the answers put together."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from filters.contract import Input, RaggedArray
from filters.language_model.answers import Answers, Extraction, Predictions
from filters.language_model.attention import measure_attention
from filters.language_model.forward import predict
from filters.language_model.greedy import count_given_back
from filters.language_model.model import LanguageModel

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# What a batch takes at most, beside the model: its logits, the keys and values that it attends to, or its attention.
BYTES_ON_A_CPU, BYTES_ON_A_GPU = 1 << 28, 1 << 32
BYTES_A_NUMBER = 4


class Ends(NamedTuple):
    """The last tokens of the sequences that are long enough, and what the model says of each but the first.

    rows: int64, the sequences' positions. tokens: int64, shape (rows, width).
    log_likelihood: float64, first_choice: int64; both of shape (rows, width - 1).
    """

    rows: NDArray[np.int64]
    tokens: NDArray[np.int64]
    log_likelihood: NDArray[np.float64]
    first_choice: NDArray[np.int64]


def answer(loaded: PreTrainedModel, model: LanguageModel, tokens: RaggedArray, wanted: Set[Input]) -> Answers:
    """The answers that are wanted, for all of the sequences, which the model must be able to take."""
    config = loaded.config.get_text_config()
    predictions = extraction = decoded_share = attention = None
    if "predictions" in wanted:
        predictions = predict(loaded, tokens, batch_tokens(loaded, config.vocab_size))
    if not wanted.isdisjoint(("extraction", "decoded_share")):
        ends = predict_ends(loaded, tokens, model.prompt_tokens + model.continuation_tokens, predictions)
        extraction = extraction_of(ends, model.prompt_tokens)
        if "decoded_share" in wanted:
            decoded_share = np.full(len(tokens.offsets) - 1, np.nan)
            decoded_share[ends.rows] = share_given_back(loaded, ends, model.prompt_tokens)
    if "attention" in wanted:
        longest = int(np.diff(tokens.offsets).max(initial=1))
        weights_a_token = config.num_hidden_layers * config.num_attention_heads * longest
        attention = measure_attention(loaded, tokens, batch_tokens(loaded, weights_a_token))
    return Answers(predictions, extraction, decoded_share, attention)


def batch_tokens(loaded: PreTrainedModel, numbers_a_token: int) -> int:
    """How many tokens go through the model at once, where its largest output holds so many numbers for each."""
    bound = BYTES_ON_A_CPU if loaded.device.type == "cpu" else BYTES_ON_A_GPU
    return max(1, bound // (BYTES_A_NUMBER * numbers_a_token))


def predict_ends(loaded: PreTrainedModel, tokens: RaggedArray, width: int, known: Predictions | None) -> Ends:
    """What the model says of the last `width` tokens of each sequence that has as many, without those before them.

    known: what it says of the whole sequences, which need not be asked again where there is nothing before.
    """
    lengths = np.diff(tokens.offsets)
    rows = np.flatnonzero(lengths >= width)
    ends = tokens.values[tokens.offsets[rows + 1, None] - width + np.arange(width)].astype(np.int64)
    log_likelihood, first_choice = np.empty((len(rows), width - 1)), np.empty((len(rows), width - 1), np.int64)
    is_known = (lengths[rows] == width) & (known is not None)
    if known is not None:
        places = known.offsets[rows[is_known], None] + np.arange(width - 1)
        log_likelihood[is_known], first_choice[is_known] = known.log_likelihood[places], known.first_choice[places]
    to_ask = ends[~is_known]
    if len(to_ask):
        rows_to_ask = RaggedArray(to_ask.ravel(), np.arange(len(to_ask) + 1) * width)
        found = predict(loaded, rows_to_ask, batch_tokens(loaded, loaded.config.get_text_config().vocab_size))
        log_likelihood[~is_known] = found.log_likelihood.reshape(-1, width - 1)
        first_choice[~is_known] = found.first_choice.reshape(-1, width - 1)
    return Ends(rows, ends, log_likelihood, first_choice)


def extraction_of(ends: Ends, prompt_tokens: int) -> Extraction:
    """What the ends say of prompt and continuation."""
    prompt, continuation = np.split(ends.log_likelihood, [prompt_tokens - 1], axis=1)
    is_first_choice = ends.first_choice[:, prompt_tokens - 1 :] == ends.tokens[:, prompt_tokens:]
    return Extraction(ends.rows, prompt, continuation, is_first_choice)


def share_given_back(loaded: PreTrainedModel, ends: Ends, prompt_tokens: int) -> NDArray[np.float64]:
    """Of each end's continuation, the share that greedy decoding from the prompt gives back; shape (rows,)."""
    config = loaded.config.get_text_config()
    prompts, continuations = np.split(ends.tokens, [prompt_tokens], axis=1)
    # Decoding keeps the keys and values of every token, and the logits of the last of a row.
    kept = 2 * config.num_hidden_layers * config.hidden_size + config.vocab_size // ends.tokens.shape[1]
    first_choices = ends.first_choice[:, prompt_tokens - 1 :]
    given_back = count_given_back(loaded, prompts, continuations, first_choices, batch_tokens(loaded, kept))
    shares: NDArray[np.float64] = given_back / continuations.shape[1]
    return shares
