"""Which model a split's sequences are put to: `--model` with the split's scheme and model filled in."""

from __future__ import annotations

from typing import NamedTuple

from spark.catalog import CHECKPOINTS, MODELS, SCHEMES
from utils import UserError, printable, require_known

PUBLISHED = "published"
LAST_STEP = 143_000


class ModelLocation(NamedTuple):
    """A model's Hub id or local path, and the revision there; None for the Hub's newest."""

    id_or_path: str
    revision: str | None


def locate_model(given: str, scheme: str | None, model: str | None) -> ModelLocation:
    """The model of a split.

    given: `published`, which stands for Pythia's models at the checkpoint that the split's model names, the last
        one for a size alone; or a path or Hub id, in which {scheme} and {model} are filled in.

    Raises UserError where the split names no model, or none that there is.
    """
    if given == PUBLISHED:
        return _pythia(_needed(scheme, "scheme", given), _needed(model, "model", given))
    names = {"scheme": scheme, "model": model}
    for name, value in names.items():
        if f"{{{name}}}" in given:
            given = given.replace(f"{{{name}}}", _needed(value, name, given))
    return ModelLocation(given, None)


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
