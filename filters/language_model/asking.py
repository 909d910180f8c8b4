"""Asking a language model: it is loaded where it is asked, once a process."""

from __future__ import annotations

from collections.abc import Set

import numpy as np
from numpy.typing import NDArray

from filters.contract import Input, RaggedArray
from filters.language_model.answers import Answers
from filters.language_model.model import LanguageModel, refusals
from filters.ragged import take_rows
from filters.validity import Reasons, is_measured


def ask(model: LanguageModel, tokens: RaggedArray, wanted: Set[Input]) -> tuple[Reasons, Answers]:
    """Why the model says nothing of a sequence, None where it does, shape (rows,); and what it says of the others.

    wanted: which of the answers to give. They are for the rows without a reason, in their order.
    Raises UserError where the model cannot be loaded.
    """
    # torch takes seconds to import: only where a model is asked.
    from filters.language_model.loading import file_stamp, load_model_once
    from filters.language_model.questions import answer

    reasons = refusals(model, tokens)
    loaded = load_model_once(model, frozenset(wanted), file_stamp(model.directory))
    while True:
        asked = np.flatnonzero(is_measured(reasons))
        answers = answer(loaded, model, take_rows(tokens, asked), wanted)
        not_numbers = rows_without_numbers(answers, len(asked))
        if not not_numbers.any():
            return reasons, answers
        reasons[asked[not_numbers]] = "the language model's predictions are no numbers (NaN)"


def rows_without_numbers(answers: Answers, rows: int) -> NDArray[np.bool_]:
    """Of which of the sequences the model says NaN, as broken weights or an overflow make it."""
    found = np.zeros(rows, np.bool_)
    if answers.predictions is not None:
        places = np.flatnonzero(np.isnan(answers.predictions.log_likelihood))
        found[np.searchsorted(answers.predictions.offsets, places, side="right") - 1] = True
    if answers.extraction is not None:
        is_nan = np.isnan(answers.extraction.prompt).any(axis=1) | np.isnan(answers.extraction.continuation).any(axis=1)
        found[answers.extraction.rows[is_nan]] = True
    if answers.attention is not None:
        found |= np.isnan(answers.attention.entropy).any(axis=1)
    return found
