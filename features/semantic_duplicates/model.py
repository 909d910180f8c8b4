"""Describe a sentence embedding model before it is loaded: its directory, and how it reads texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filters.errors import UserError, printable

MODEL_ADVICE = "Give a sentence-transformers model of a transformer and mean pooling, such as all-MiniLM-L6-v2."
DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
# Modules by the last part of their type name; the prefix differs between versions of sentence-transformers.
WITH_NORMALIZE = ("Transformer", "Pooling", "Normalize")
# The keys of sentence_bert_config.json that are used, and the values of others that have no effect.
USED_KEYS = ("max_seq_length", "do_lower_case")
NEUTRAL_VALUES = {
    "transformer_task": "feature-extraction",
    "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
    "module_output_name": "token_embeddings",
}


@dataclass(frozen=True)
class EmbeddingModel:
    """A sentence embedding model in a directory. It is loaded on first use, once per process.

    longest: maximum tokens per text, special tokens included; the rest is truncated. None leaves it to the tokenizer.
    lower_case: whether texts are lower-cased before tokenization.
    device: a torch device name; None for the first GPU, or the CPU without one.
    """

    directory: Path
    longest: int | None
    lower_case: bool
    device: str | None = None


def read_embedding_model(directory: Path) -> EmbeddingModel:
    """Read the settings of a model that `sentence-transformers` saved in a directory, without its weights.

    Raises UserError if there is none, or if it does not use mean pooling over a text's tokens.
    """
    name = printable(str(directory))
    if not directory.is_dir():
        raise UserError(f"--embedding_model {name}: no such directory.\n{MODEL_ADVICE}")
    modules = _read_json(directory / "modules.json", list)
    settings = _read_json(directory / "config_sentence_transformers.json", dict, optional=True)
    transformer = {}
    problem = _module_problem(modules)
    if problem is None:
        pooling = _read_json(directory / str(modules[1].get("path", "")) / "config.json", dict)
        transformer = _read_json(directory / "sentence_bert_config.json", dict, optional=True)
        problem = _pooling_problem(pooling) or _transformer_problem(transformer) or _prompt_problem(settings)
    if problem is not None:
        raise UserError(f"--embedding_model {name}: {problem}.\n{MODEL_ADVICE}")
    return EmbeddingModel(directory, transformer.get("max_seq_length"), bool(transformer.get("do_lower_case", False)))


def _read_json(path: Path, kind: type, optional: bool = False) -> Any:
    """Return the content of a configuration file; an empty `kind` if an optional file is missing."""
    name = printable(str(path))
    if not path.is_file():
        if optional:
            return kind()
        raise UserError(f"--embedding_model: expected {name}, found no file.\n{MODEL_ADVICE}")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"--embedding_model: {name} is not JSON: {printable(str(error))}.\n{MODEL_ADVICE}") from None
    if not isinstance(found, kind):
        raise UserError(f"--embedding_model: expected a JSON {kind.__name__} in {name}.\n{MODEL_ADVICE}")
    return found


def _module_problem(modules: list[Any]) -> str | None:
    if not all(isinstance(module, Mapping) for module in modules):
        return "its modules.json lists no modules"
    kinds = tuple(str(module.get("type", "")).rsplit(".", 1)[-1] for module in modules)
    if kinds not in (WITH_NORMALIZE, WITH_NORMALIZE[:2]):
        return f"expected the modules {', '.join(WITH_NORMALIZE)}, found {printable(', '.join(kinds)) or 'none'}"
    if modules[0].get("path"):
        return f"expected the transformer in the directory itself, found it in {printable(str(modules[0]['path']))!r}"
    path = Path(str(modules[1].get("path", "")))
    if path.is_absolute() or ".." in path.parts:
        return f"its pooling lies outside the directory, in {printable(str(path))!r}"
    return None


def _pooling_problem(pooling: Mapping[str, Any]) -> str | None:
    prefix = "pooling_mode_"
    modes = [key.removeprefix(prefix) for key, value in pooling.items() if key.startswith(prefix) and value]
    if "pooling_mode" in pooling:  # sentence-transformers 6
        modes = [str(pooling["pooling_mode"])]
    if modes not in (["mean"], ["mean_tokens"]):
        return f"expected mean pooling, found {printable(', '.join(modes)) or 'none'}"
    return None


def _transformer_problem(transformer: Mapping[str, Any]) -> str | None:
    longest = transformer.get("max_seq_length")
    if longest is not None and (type(longest) is not int or longest < 1):
        return f"expected a number of tokens as max_seq_length, found {printable(str(longest))!r}"
    for key, value in transformer.items():
        if key not in USED_KEYS and value and value != NEUTRAL_VALUES.get(key):
            return f"its sentence_bert_config.json sets {printable(key)!r}, which is not supported"
    return None


def _prompt_problem(settings: Mapping[str, Any]) -> str | None:
    name = settings.get("default_prompt_name")
    if name is not None and (settings.get("prompts") or {}).get(name):
        return f"it puts the prompt {printable(str(name))!r} before every text, which is not supported"
    return None
