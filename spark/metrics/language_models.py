"""Which language model a split's sequences are put to, found and checked before Spark starts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from filters.contract import Filter
from filters.language_model.model import LanguageModel, read_language_model
from filters.vocabulary import Vocabulary
from spark.metrics.configuration import Configuration
from spark.metrics.split import Split
from spark.sources.catalog import CHECKPOINTS, MODELS, SCHEMES, ModelLocation
from spark.sources.hub.tokenizer import TOKENIZER
from spark.sources.resolver import Resolver
from utils import UserError, printable, require_known

PUBLISHED = "published"
LAST_STEP = 143_000
WITH_REVISION = re.compile(r"([\w-][\w.-]*/[\w.-]+)@([^@]+)")


def asked_model(split: Split, models: tuple[str | None, ...], filters: Iterable[Filter]) -> ModelLocation | None:
    """Where the model is that the filters ask of a split; None where none of them asks one.

    models: those of the split, as its data has them. Raises UserError where no one model is named.
    """
    asking = [each.name for each in filters if each.asks_model]
    if not asking:
        return None
    if split.language_model is None:
        raise UserError(
            f"{split.description}: the filters {', '.join(asking)} ask a language model, and none is named.\n"
            "Give --model with the directory or the Hub id of one, or leave out these filters."
        )
    if len(models) > 1:
        raise UserError(
            f"{split.description}: the data holds scores of {', '.join(map(str, models))}, and one model is asked.\n"
            "Say with --models which of them it is."
        )
    return model_location(split.language_model, split.scheme, models[0])


def resolve_language_model(location: ModelLocation, configuration: Configuration, resolver: Resolver) -> LanguageModel:
    """The model of a location, as the configuration asks it; raises UserError where it cannot be had or asked."""
    return read_language_model(
        resolver.language_model(location),
        prompt_tokens=configuration.prompt_tokens,
        continuation_tokens=configuration.continuation_tokens,
        min_k_percent=configuration.min_k_percent,
        precision=configuration.precision,
    )


def vocabulary_beside(model: LanguageModel, resolver: Resolver) -> Vocabulary | None:
    """The vocabulary of the tokenizer that the model came with; None where it came with none."""
    path = model.directory / TOKENIZER
    return resolver.vocabulary(str(path)) if path.is_file() else None


def require_same_tokens(model: Vocabulary, data: Vocabulary, directory: Path, tokenizer: str | None) -> None:
    """Raises UserError where a token id stands for one token in the data, and for another in the model."""
    known = {number: token for token, number in model.tokenizer.get_vocab(with_added_tokens=True).items()}
    for token, number in sorted(data.tokenizer.get_vocab(with_added_tokens=True).items(), key=lambda item: item[1]):
        if known.get(number, token) != token:
            raise UserError(
                f"--model {printable(str(directory))}: its tokenizer is not the data's ({printable(str(tokenizer))}): "
                f"token id {number} is {printable(known[number])!r} in the one and {printable(token)!r} in the other.\n"
                "Give a model that was trained on these token ids, or data as text, without tokens."
            )


def model_location(given: str, scheme: str | None, model: str | None) -> ModelLocation:
    """The model of a split.

    given: `published`, which stands for Pythia's models at the checkpoint that the split's model names, the last
        one for a size alone; or a path or Hub id (id@revision), in which {scheme} and {model} are filled in.

    Raises UserError where the split names no model, or none that there is.
    """
    if given == PUBLISHED:
        return _pythia(_needed(scheme, "scheme", given), _needed(model, "model", given))
    names = {"scheme": scheme, "model": model}
    for name, value in names.items():
        if f"{{{name}}}" in given:
            given = given.replace(f"{{{name}}}", _needed(value, name, given))
    id_and_revision = WITH_REVISION.fullmatch(given)
    return ModelLocation(id_and_revision[1], id_and_revision[2]) if id_and_revision else ModelLocation(given, None)


def _pythia(scheme: str, model: str) -> ModelLocation:
    require_known("model", [model], (*MODELS, *CHECKPOINTS))
    require_known("scheme", [scheme], SCHEMES)
    size, step = model.rsplit(".", 1) if model in CHECKPOINTS else (model, LAST_STEP)
    suffix = "-deduped" if scheme == "deduped" else ""
    return ModelLocation(f"EleutherAI/pythia-{size}{suffix}", f"step{step}")


def _needed(value: str | None, name: str, given: str) -> str:
    if value is None:
        raise UserError(
            f"--model {printable(given)}: the data does not say of which {name} it is.\n"
            "Give the path or the Hub id of one model, or data laid out in splits named {scheme}.{model}."
        )
    return value
