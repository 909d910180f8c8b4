"""A causal language model from its directory, ready to be asked."""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from filters.contract import Input
from filters.errors import UserError, printable
from filters.language_model.model import SAVED, LanguageModel
from filters.language_model.probing import what_is_wrong

if TYPE_CHECKING:
    from transformers import PreTrainedModel

OF_A_LAYER = re.compile(r"\.\d+\..*weight$")  # heads for other purposes may be left over, and buffers of old versions


@lru_cache(maxsize=1)
def load_model_once(
    model: LanguageModel, wanted: frozenset[Input], stamp: tuple[tuple[str, int, int], ...]
) -> PreTrainedModel:
    """The loaded model, the same until another is asked for; a process holds one at a time.

    wanted: what it will be asked for. stamp: `file_stamp` of its directory.
    Raises UserError where it cannot be loaded, or asked for that.
    """
    load_model_once.cache_clear()  # else the one before would stay until this one is there
    device = model.device or ("cuda" if torch.cuda.is_available() else "cpu")
    loaded = load_model(model.directory, device, getattr(torch, model.precision))
    try:
        if "attention" in wanted:
            loaded.set_attn_implementation("eager")  # the only one that gives its weights
        problem = what_is_wrong(loaded, wanted)
    except Exception as error:
        problem = f"it cannot be asked: {type(error).__name__}: {_one_line(error)}"
    if problem is not None:
        raise UserError(f"--model {printable(str(model.directory))}: {problem}.\n{SAVED}")
    return loaded


def file_stamp(directory: Path) -> tuple[tuple[str, int, int], ...]:
    """The names of a model's files with their times and sizes, which change where it is saved anew."""
    files = sorted(path for path in directory.iterdir() if path.suffix in (".json", ".safetensors", ".bin"))
    return tuple((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in files)


def load_model(directory: Path, device: str = "cpu", dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """The model that `transformers` saved in a directory, in evaluation mode.

    No code of the model's own is run, and weights that are not safetensors are read as numbers and nothing else.
    Raises UserError where no causal language model can be loaded from there.
    """
    from transformers import AutoModelForCausalLM, GenerationConfig
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
        reason = f"{type(error).__name__}: {_one_line(error)}"
        raise UserError(f"--model {printable(str(directory))} cannot be loaded: {reason}\n{SAVED}") from None
    if loaded["missing_keys"] or loaded["mismatched_keys"]:
        # transformers would put random numbers in their place, and every metric would be made up.
        missing = sorted(str(key) for key in (*loaded["missing_keys"], *loaded["mismatched_keys"]))
        raise UserError(
            f"--model {printable(str(directory))}: the weights lack {len(missing)} of the model's tensors, such as "
            f"{printable(missing[0])}.\nSave the whole model, with the head that predicts tokens."
        )
    left_over = sorted(key for key in loaded["unexpected_keys"] if OF_A_LAYER.search(key))
    if left_over:
        raise UserError(
            f"--model {printable(str(directory))}: its config.json has no place for {len(left_over)} of the tensors, "
            f"such as {printable(left_over[0])}.\nPut the config.json beside it with which the weights were saved."
        )
    # What the directory says of decoding (penalties, sampling, a limit of time) is not greedy decoding.
    model.generation_config = GenerationConfig()
    logging.getLogger("memorization").info("loaded %s", directory)
    loaded_model: PreTrainedModel = model.to(device)  # from_pretrained has put it in evaluation mode
    return loaded_model


def _one_line(error: Exception) -> str:
    return printable(" ".join(str(error).split()))[:300]
