"""The number of parameters of a language model."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def parameter_count(directory: Path) -> int | None:
    """Return the number of parameters of the model that the config.json of a directory describes; None if unknown.

    Weights that two layers share count once. No weights are read.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    try:
        config = AutoConfig.from_pretrained(directory, local_files_only=True, trust_remote_code=False)
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    except Exception:  # the library raises many kinds of errors, and a model may not support the meta device
        return None
    return sum(each.numel() for each in model.parameters())
