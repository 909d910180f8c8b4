"""Run a language model over sequences; it is loaded on first use, once per process."""

from __future__ import annotations

from collections.abc import Set

import numpy as np
from numpy.typing import NDArray

from filters.contract import Input, RaggedArray
from filters.language_model.answers import Answers
from filters.language_model.model import LanguageModel, model_rejections
from filters.ragged import take_rows
from filters.reasons import Reason, ReasonKind, Reasons
from filters.validity import is_measured

NAN = Reason(ReasonKind.NO_PREDICTION, "the language model's predictions are not a number (NaN)")


def ask(model: LanguageModel, tokens: RaggedArray, wanted: Set[Input]) -> tuple[Reasons, Answers]:
    """Return why the model cannot score each sequence, None if it can, shape (rows,); and its outputs for the others.

    wanted: which outputs to compute. They are for the rows without a reason, in order.
    Raises UserError if the model cannot be loaded.
    """
    # torch takes seconds to import, so import it only when a model is used.
    from filters.language_model.loading import file_stamp, load_model_once
    from filters.language_model.questions import answer

    reasons = model_rejections(model, tokens)
    loaded = load_model_once(model, frozenset(wanted), file_stamp(model.directory))
    while True:
        asked = np.flatnonzero(is_measured(reasons))
        answers = answer(loaded, model, take_rows(tokens, asked), wanted)
        has_nan = rows_with_nan(answers, len(asked))
        if not has_nan.any():
            return reasons, answers
        reasons[asked[has_nan]] = NAN


def rows_with_nan(answers: Answers, rows: int) -> NDArray[np.bool_]:
    """Return which sequences have NaN outputs, as broken weights or an overflow cause; shape (rows,)."""
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
