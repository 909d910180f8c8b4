"""Choose the language model that evaluates a table of sequences, and check it before Spark starts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from filters.contract import Filter
from filters.language_model.model import LanguageModel, read_language_model
from filters.tokenizer import TOKENIZER
from filters.vocabulary import Vocabulary
from spark.metrics.configuration import Configuration
from spark.metrics.sequence_table import SequenceTable
from spark.sources.catalog import CHECKPOINTS, MODELS, SCHEMES, ModelLocation
from spark.sources.resolver import Resolver
from spark.storage.paths import is_local, storage_path
from spark.storage.publishing import model_level
from utils import UserError, printable, require_known

PUBLISHED = "published"
LAST_STEP = 143_000
ID_AND_REVISION = re.compile(r"([\w-][\w.-]*/[\w.-]+)@([^@]+)")


def required_model(
    sequences: SequenceTable, models: tuple[str | None, ...], filters: Iterable[Filter]
) -> ModelLocation | None:
    """Return the location of the language model that the filters need; None if they need none.

    models: the models of the table, read from its score columns if the configuration names none.

    Raises UserError if no language model is known, or if the table has several models.
    """
    names = [each.name for each in filters if each.asks_model]
    if not names:
        return None
    if sequences.language_model is None:
        raise UserError(
            f"{sequences.description}: the filters {', '.join(names)} need a language model, found none.\n"
            "Give --model with its directory or Hub id, or leave out these filters."
        )
    if len(models) > 1:
        raise UserError(
            f"{sequences.description}: expected scores of one model, found {', '.join(map(str, models))}.\n"
            "Choose one with --models."
        )
    return model_location(sequences.language_model, sequences.scheme, models[0])


def resolve_language_model(location: ModelLocation, configuration: Configuration, resolver: Resolver) -> LanguageModel:
    """Return the model with the settings of the configuration; raise UserError if it is missing or unsuitable."""
    return read_language_model(
        resolver.language_model(location),
        prompt_tokens=configuration.prompt_tokens,
        continuation_tokens=configuration.continuation_tokens,
        min_k_percent=configuration.min_k_percent,
        precision=configuration.precision,
    )


def vocabulary_beside(model: LanguageModel, resolver: Resolver) -> Vocabulary | None:
    """Return the vocabulary of the tokenizer in the model's directory; None if there is no tokenizer."""
    path = model.directory / TOKENIZER
    return resolver.vocabulary(str(path)) if path.is_file() else None


def require_same_tokens(model: Vocabulary, data: Vocabulary, directory: Path, tokenizer: str | None) -> None:
    """Raise UserError if a token id means different tokens in the model and in the data.

    directory, tokenizer: where the model and the tokenizer of the data are, for the message.
    """
    known = {number: token for token, number in model.tokenizer.get_vocab(with_added_tokens=True).items()}
    for token, number in sorted(data.tokenizer.get_vocab(with_added_tokens=True).items(), key=lambda item: item[1]):
        if known.get(number, token) != token:
            raise UserError(
                f"--model {printable(str(directory))}: expected the tokenizer of the data "
                f"({printable(str(tokenizer))}), found token id {number} = {printable(known[number])!r} in the model "
                f"and {printable(token)!r} in the data.\n"
                "Give a model that was trained on these token ids, or data as text, without tokens."
            )


def model_location(given: str, scheme: str | None, model: str | None) -> ModelLocation:
    """Return the location of the language model for data of a scheme and a model.

    given: `published`, a path or a Hub id (id@revision). {scheme} and {model} are filled in. `published` means
        Pythia's model at the checkpoint that `model` names; a size alone means the last checkpoint.

    Raises UserError if a scheme or model is needed and is unknown.
    """
    if given == PUBLISHED:
        return _pythia(_needed(scheme, "scheme", given), _needed(model, "model", given))
    names = {"scheme": scheme, "model": model}
    for name, value in names.items():
        if f"{{{name}}}" in given:
            given = given.replace(f"{{{name}}}", _needed(value, name, given))
    id_and_revision = ID_AND_REVISION.fullmatch(given)
    return ModelLocation(id_and_revision[1], id_and_revision[2]) if id_and_revision else ModelLocation(given, None)


def asked_model(sequences: SequenceTable) -> str | None:
    """Return the name of the language model that is asked about data that names no model; None if its name is unknown.

    It is the name of the model's directory, or the Hub id: `owner--name`, or `owner--name--revision`.
    """
    given = sequences.language_model
    needed = {"{model}": None, "{scheme}": sequences.scheme}
    if sequences.models != (None,) or given in (None, PUBLISHED):
        return None
    if any(placeholder in given and value is None for placeholder, value in needed.items()):
        return None
    location = model_location(given, sequences.scheme, None)
    path = storage_path(location.id_or_path)
    if is_local(path) and path.is_dir():
        return model_level(path.resolve().name)
    return model_level("--".join(filter(None, [*location.id_or_path.split("/"), location.revision])))


def _pythia(scheme: str, model: str) -> ModelLocation:
    require_known("model", [model], (*MODELS, *CHECKPOINTS))
    require_known("scheme", [scheme], SCHEMES)
    size, step = model.rsplit(".", 1) if model in CHECKPOINTS else (model, LAST_STEP)
    suffix = "-deduped" if scheme == "deduped" else ""
    return ModelLocation(f"EleutherAI/pythia-{size}{suffix}", f"step{step}")


def _needed(value: str | None, name: str, given: str) -> str:
    if value is None:
        raise UserError(
            f"--model {printable(given)}: expected data with a known {name}, found data that names none.\n"
            "Give the path or the Hub id of one model, or data with splits named {scheme}.{model}."
        )
    return value
