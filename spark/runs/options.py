"""Options, each declared once: a field of a program's configuration with its default, check and help.

The parser, the YAML keys, `--help` and the docs' page of options come from these fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from filters.continuation import CONTINUATION_TOKENS, PROMPT_TOKENS
from spark.runs.option_checks import as_flag, as_revisions, as_text, integer_from, one_of
from spark.sources.cutting import Cut, cut_of
from spark.sources.token_file import PYTHIA_ROW_TOKENS
from utils import UserError

DOCUMENT_PER = ("file", "line")
Check = Callable[[str, Any], Any]
RUN = "run"  # the group of the options that every program has
FLAG = ""  # the placeholder of an option without a value


@dataclass(frozen=True)
class Option:
    """The declaration of an option, besides its name and type.

    check: takes the name and a value from the command line or a YAML file; returns the value of the field, or raises
        UserError.
    metavar: placeholder of the value in `--help`; `FLAG` if it takes none; None if only a YAML file can set it.
    group: heading of the option in `--help` and the docs.
    """

    check: Check
    metavar: str | None
    help: str
    group: str


def option(default: Any, metavar: str | None, text: str, check: Check = as_text, *, group: str = "data") -> Any:
    """Return a dataclass field that declares an option; `text` is its help, in one line."""
    return field(default=default, metadata={"option": Option(check, metavar, text, group)})


@dataclass(frozen=True)
class RunConfiguration:
    """The options of every program."""

    run_id: str | None = option(
        None, "NAME", "directory of this run; the same id continues a run that stopped", group=RUN
    )
    output_dir: str = option("output", "DIR", "where runs are written (default output)", group=RUN)
    cache_dir: str = option(
        "~/.cache/memorization-metrics",
        "DIR",
        "where Hub data is kept (default ~/.cache/memorization-metrics)",
        group=RUN,
    )
    text_column: str | None = option(None, "NAME", "the column of your data that holds its text (default text)")
    id_column: str | None = option(
        None, "NAME", "the column of your data that holds its ids (default sequence_id, index)"
    )
    document_per: str | None = option(
        None, "WHICH", "what is one document of .txt data: a file (default) or a line", one_of("choice", DOCUMENT_PER)
    )
    row_tokens: int = option(
        PYTHIA_ROW_TOKENS, "N", "tokens per row of a .bin file without index (default 2049)", integer_from(1)
    )
    sequence_tokens: int | None = option(
        None, "N", "cut documents into sequences of N tokens (default: each row is a sequence)", integer_from(1)
    )
    stride: int | None = option(
        None,
        "N",
        "tokens from the beginning of a cut sequence to that of the next (default: --sequence_tokens)",
        integer_from(1),
    )
    keep_short: bool = option(
        False, FLAG, "keep the last tokens of a document, as a sequence of fewer than --sequence_tokens", as_flag
    )
    prompt_tokens: int = option(
        PROMPT_TOKENS,
        "N",
        "tokens before the continuation, which a model is prompted with (default 32)",
        integer_from(1),
    )
    continuation_tokens: int = option(
        CONTINUATION_TOKENS,
        "N",
        "tokens at the end of a sequence, which a model must reproduce (default 32)",
        integer_from(1),
    )
    revisions: tuple[tuple[str, str], ...] = option(
        (),
        None,
        "commit, tag or branch to read of each Hub id (default: the newest commit of main)",
        as_revisions,
        group=RUN,
    )

    @property
    def cut(self) -> Cut | None:
        """How documents are cut into sequences; None if they are not."""
        return cut_of(self.sequence_tokens, self.stride, self.keep_short)

    def as_json(self) -> dict[str, Any]:
        """Return the options by name, in JSON types."""
        return {**asdict(self), "revisions": dict(self.revisions)}


CUT_OPTIONS = ("sequence_tokens", "stride", "keep_short")


def declared_options(configuration: type[RunConfiguration]) -> dict[str, Option]:
    """Return the options by name: the program's own, then those of every program."""
    declared = {each.name: each.metadata["option"] for each in fields(configuration)}
    shared = [each.name for each in fields(RunConfiguration)]
    own = [name for name in declared if name not in shared]
    return {name: declared[name] for name in (*own, *shared)}


def given_options(configuration: RunConfiguration, names: Iterable[str]) -> list[str]:
    """Return the arguments that set some options as in a configuration; none for those with their default."""
    declared = declared_options(type(configuration))
    defaults = {each.name: each.default for each in fields(configuration)}
    arguments = []
    for name in names:
        value = getattr(configuration, name)
        if value != defaults[name] and declared[name].metavar is not None:
            text = ",".join(value) if isinstance(value, tuple) else str(value)
            arguments += [f"--{name}"] if declared[name].metavar == FLAG else [f"--{name}", text]
    return arguments


def checked_values(configuration: type[RunConfiguration], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given values, checked and converted, without None; raise UserError for an invalid value."""
    options = declared_options(configuration)
    values = {name: options[name].check(name, value) for name, value in given.items() if value is not None}
    alone = next((name for name in CUT_OPTIONS if values.get(name) and not values.get("sequence_tokens")), None)
    if alone is not None:
        raise UserError(f"--{alone}: this option has no effect without --sequence_tokens.\nGive both, or leave it out.")
    return values
