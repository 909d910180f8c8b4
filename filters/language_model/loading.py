"""A causal language model from its directory, ready to be asked."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from utils import UserError, printable

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def load_model(directory: Path, device: str = "cpu", dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """The model that `transformers` saved in a directory, in evaluation mode.

    No code of the model's own is run, and weights that are not safetensors are read as numbers and nothing else.
    Raises UserError where no causal language model can be loaded from there.
    """
    from transformers import AutoModelForCausalLM

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
            f"--model {printable(str(directory))} cannot be loaded: {type(error).__name__}: {reason}\n"
            "Give a causal language model that this version of transformers knows, saved by save_pretrained."
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
