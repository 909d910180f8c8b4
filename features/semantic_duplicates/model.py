"""What a sentence embedding model is, before it is loaded: where it lies, and how its configuration has texts read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filters.errors import UserError, printable

GIVE = "Give a sentence-transformers model of a transformer and mean pooling, such as all-MiniLM-L6-v2."
DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
# The modules by the last part of their type: what comes before differs between versions of sentence-transformers.
WITH_NORMALIZE = ("Transformer", "Pooling", "Normalize")
# Of sentence_bert_config.json, what we read, and the values of other keys that change nothing.
READ = ("max_seq_length", "do_lower_case")
WITHOUT_EFFECT = {
    "transformer_task": "feature-extraction",
    "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
    "module_output_name": "token_embeddings",
}


@dataclass(frozen=True)
class EmbeddingModel:
    """A sentence embedding model in a directory; it is loaded once a process, where texts are embedded.

    longest: how many of a text's tokens are read, those that the model puts around it counted; what comes after is
        cut off. None leaves it to the tokenizer.
    lower_case: whether texts are lower-cased first, whatever the tokenizer does.
    device: as torch names it; None for the first GPU, or the CPU where there is none.
    """

    directory: Path
    longest: int | None
    lower_case: bool
    device: str | None = None


def read_embedding_model(directory: Path) -> EmbeddingModel:
    """The model that `sentence-transformers` saved in a directory; its weights are not read yet.

    Raises UserError where there is none, or one that embeds otherwise than by the mean over the tokens of a text.
    """
    name = printable(str(directory))
    if not directory.is_dir():
        raise UserError(f"--embedding_model {name}: no such directory.\n{GIVE}")
    modules = _read_json(directory / "modules.json", list)
    settings = _read_json(directory / "config_sentence_transformers.json", dict, optional=True)
    transformer = {}
    problem = _module_problem(modules)
    if problem is None:
        pooling = _read_json(directory / str(modules[1].get("path", "")) / "config.json", dict)
        transformer = _read_json(directory / "sentence_bert_config.json", dict, optional=True)
        problem = _pooling_problem(pooling) or _transformer_problem(transformer) or _prompt_problem(settings)
    if problem is not None:
        raise UserError(f"--embedding_model {name}: {problem}.\n{GIVE}")
    return EmbeddingModel(directory, transformer.get("max_seq_length"), bool(transformer.get("do_lower_case", False)))


def _read_json(path: Path, kind: type, optional: bool = False) -> Any:
    """What a configuration file holds; an empty one of the kind where an optional file is not there."""
    name = printable(str(path))
    if not path.is_file():
        if optional:
            return kind()
        raise UserError(f"--embedding_model: expected {name}, found no file.\n{GIVE}")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"--embedding_model: {name} is not JSON: {printable(str(error))}.\n{GIVE}") from None
    if not isinstance(found, kind):
        raise UserError(f"--embedding_model: expected a JSON {kind.__name__} in {name}.\n{GIVE}")
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
        return f"its pooling lies outside of the directory, in {printable(str(path))!r}"
    return None


def _pooling_problem(pooling: Mapping[str, Any]) -> str | None:
    prefix = "pooling_mode_"
    modes = [key.removeprefix(prefix) for key, value in pooling.items() if key.startswith(prefix) and value]
    if "pooling_mode" in pooling:  # as sentence-transformers 6 writes it
        modes = [str(pooling["pooling_mode"])]
    if modes not in (["mean"], ["mean_tokens"]):
        return f"expected mean pooling, found {printable(', '.join(modes)) or 'none'}"
    return None


def _transformer_problem(transformer: Mapping[str, Any]) -> str | None:
    longest = transformer.get("max_seq_length")
    if longest is not None and (type(longest) is not int or longest < 1):
        return f"expected a number of tokens as max_seq_length, found {printable(str(longest))!r}"
    for key, value in transformer.items():
        if key not in READ and value and value != WITHOUT_EFFECT.get(key):
            return f"its sentence_bert_config.json sets {printable(key)!r}, which is not known here"
    return None


def _prompt_problem(settings: Mapping[str, Any]) -> str | None:
    name = settings.get("default_prompt_name")
    if name is not None and (settings.get("prompts") or {}).get(name):
        return f"it puts the prompt {printable(str(name))!r} before every text, which is not done here"
    return None
