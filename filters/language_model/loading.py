"""Load a causal language model from its directory."""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from filters.contract import Input
from filters.errors import UserError, printable
from filters.language_model.devices import device_name, put_on_device
from filters.language_model.model import MODEL_ADVICE, LanguageModel
from filters.language_model.probing import find_problem

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# Other unexpected tensors are harmless: heads for other purposes, and buffers of old versions.
LAYER_WEIGHT = re.compile(r"\.\d+\..*weight$")


@lru_cache(maxsize=1)
def load_model_once(
    model: LanguageModel, wanted: frozenset[Input], stamp: tuple[tuple[str, int, int], ...]
) -> PreTrainedModel:
    """Return the loaded model; a process holds one at a time.

    wanted: the outputs it must provide. stamp: `file_stamp` of its directory, so that a changed model is reloaded.
    Raises UserError if the model cannot be loaded, or cannot provide the outputs.
    """
    load_model_once.cache_clear()  # free the previous model before loading this one
    loaded = load_model(model.directory, model.device, getattr(torch, model.precision))
    try:
        if "attention" in wanted:
            loaded.set_attn_implementation("eager")  # the only implementation that returns its weights
        problem = find_problem(loaded, wanted)
    except Exception as error:
        problem = f"it cannot be run: {type(error).__name__}: {_one_line(error)}"
    if problem is not None:
        raise UserError(f"--model {printable(str(model.directory))}: {problem}.\n{MODEL_ADVICE}")
    return loaded


def file_stamp(directory: Path) -> tuple[tuple[str, int, int], ...]:
    """Return names, times and sizes of a model's files, which change when it is saved again."""
    files = sorted(path for path in directory.iterdir() if path.suffix in (".json", ".safetensors", ".bin"))
    return tuple((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in files)


def load_model(directory: Path, device: str | None = "cpu", dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """Load the model that `transformers` saved in a directory, in evaluation mode.

    device: None for the first GPU, or the CPU without one.
    No code from the directory is run, and weights other than safetensors are loaded as tensors only. Raises UserError
    if no causal language model can be loaded, or the device cannot hold it.
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
        raise UserError(f"--model {printable(str(directory))} cannot be loaded: {reason}\n{MODEL_ADVICE}") from None
    if loaded["missing_keys"] or loaded["mismatched_keys"]:
        # transformers would fill them with random numbers, and every metric would be wrong.
        missing = sorted(str(key) for key in (*loaded["missing_keys"], *loaded["mismatched_keys"]))
        raise UserError(
            f"--model {printable(str(directory))}: the weights lack {len(missing)} of the model's tensors, such as "
            f"{printable(missing[0])}.\nSave the whole model, with its language modelling head."
        )
    left_over = sorted(key for key in loaded["unexpected_keys"] if LAYER_WEIGHT.search(key))
    if left_over:
        raise UserError(
            f"--model {printable(str(directory))}: {len(left_over)} of the tensors are not part of its config.json, "
            f"such as {printable(left_over[0])}.\nUse the config.json that was saved with the weights."
        )
    # The directory's generation settings (penalties, sampling, a time limit) would change greedy decoding.
    model.generation_config = GenerationConfig()
    # from_pretrained sets evaluation mode.
    loaded_model: PreTrainedModel = put_on_device(model, device, f"--model {printable(str(directory))}")
    logging.getLogger("memorization").info("loaded %s on %s", directory, device_name(loaded_model.device))
    return loaded_model


def _one_line(error: Exception) -> str:
    return printable(" ".join(str(error).split()))[:300]
