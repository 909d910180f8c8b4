"""The context length of a model, whatever its configuration calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PretrainedConfig

# In the order of trust. `transformers` maps some of the other names onto the first one itself.
NAMES = ("max_position_embeddings", "max_seq_len", "n_positions", "n_ctx", "max_target_positions")
# RoBERTa and its descendants number positions from the padding id plus 1, so as many entries of their table are unused.
NUMBERED_AFTER_PADDING = frozenset(
    ("camembert", "data2vec-text", "roberta", "roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "xmod")
)


def context_tokens(config: PretrainedConfig) -> int | None:
    """Return the longest sequence, in tokens, that a model accepts; None if it is unbounded.

    config: of the text model. Some configurations mark an unbounded context by a number below 1.
    """
    stated = (getattr(config, name, None) for name in NAMES)
    found = next((value for value in stated if isinstance(value, int)), None)
    if found is None or found < 1:
        return None
    return found - config.pad_token_id - 1 if config.model_type in NUMBERED_AFTER_PADDING else found
