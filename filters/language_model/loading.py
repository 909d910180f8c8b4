"""A causal language model from its directory, ready to be asked."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from filters.language_model.model import SAVED
from utils import UserError, printable

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@lru_cache(maxsize=1)
def load_model_once(directory: Path, device: str | None, precision: str, gives_attention: bool) -> PreTrainedModel:
    """The model of a directory, loaded at the first call; a process holds one model at a time.

    device: None for the first GPU, or the CPU where there is none. precision: the name of one of torch's dtypes.
    gives_attention: whether its attention can be asked for, by the slower implementation that keeps it.
    """
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    model = load_model(directory, device, getattr(torch, precision))
    if gives_attention:
        model.set_attn_implementation("eager")
    return model


def load_model(directory: Path, device: str = "cpu", dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """The model that `transformers` saved in a directory, in evaluation mode.

    No code of the model's own is run, and weights that are not safetensors are read as numbers and nothing else.
    Raises UserError where no causal language model can be loaded from there.
    """
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    try:
        model, loaded = AutoModelForCausalLM.from_pretrained(
            directory,
            dtype=dtype,
            local_files_only=True,
            trust_remote_code=False,
            weights_only=True,
            output_loading_info=True,
        )
    except Exception as error:
        reason = " ".join(printable(str(error)).split())[:300]
        raise UserError(
            f"--model {printable(str(directory))} cannot be loaded: {type(error).__name__}: {reason}\n{SAVED}"
        ) from None
    if loaded["missing_keys"] or loaded["mismatched_keys"]:
        # transformers would put random numbers in their place, and every metric would be made up.
        missing = sorted(str(key) for key in (*loaded["missing_keys"], *loaded["mismatched_keys"]))
        raise UserError(
            f"--model {printable(str(directory))}: the weights lack {len(missing)} of the model's tensors, such as "
            f"{printable(missing[0])}.\nSave the whole model, with the head that predicts tokens."
        )
    logging.getLogger("memorization").info("loaded %s", directory)
    loaded_model: PreTrainedModel = model.to(device)  # from_pretrained has put it in evaluation mode
    return loaded_model
