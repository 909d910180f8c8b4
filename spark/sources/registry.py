"""The formats that can be read: the modules in `spark/sources/formats/`, and what else is registered."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from spark.sources import formats as formats_package
from spark.sources.column_names import NOT_GIVEN, GivenColumns
from spark.sources.source import Source
from spark.sources.token_file import PYTHIA_ROW_TOKENS
from spark.storage.paths import AnyPath

FILE, LINE = "file", "line"


@dataclass(frozen=True)
class ReadOptions:
    """How the caller wants files to be read.

    as_corpus: whether a directory with a corpus format in it is that corpus, whatever else lies there.
    row_tokens: the number of tokens in a row, in a file that does not say it.
    document_per: what is one document in a text file, a FILE or a LINE; None if it was not said, which means a FILE.
    columns: the columns that the user named.
    """

    as_corpus: bool = False
    row_tokens: int = PYTHIA_ROW_TOKENS
    document_per: str | None = None
    columns: GivenColumns = NOT_GIVEN


@dataclass(frozen=True)
class Format:
    """A kind of file.

    name: for messages. suffixes: of file names, in lower case.
    open: returns the source of files that were found; raises UserError for damaged files, or files that do not fit
        together. is_corpus: whether the format is one of corpora, looked for after the others elsewhere.
    is_common: whether files of this suffix lie beside data of every format; other formats of a directory hide them.
    not_data: names of files that are known to hold something else.
    """

    name: str
    suffixes: tuple[str, ...]
    open: Callable[[tuple[AnyPath, ...], ReadOptions], Source]
    is_corpus: bool = False
    is_common: bool = False
    not_data: tuple[str, ...] = ()


_registered: list[Format] = []


def register(format_: Format) -> None:
    """Add a format that is not a module of `spark/sources/formats/`; raise ValueError if a suffix is taken."""
    taken = {suffix for each in known_formats() for suffix in each.suffixes} & set(format_.suffixes)
    if taken:
        raise ValueError(f"expected suffixes of no other format, found {', '.join(sorted(taken))}")
    _registered.append(format_)


def known_formats() -> tuple[Format, ...]:
    """Return every format, in the order of their modules; registered ones last."""
    return (*_built_in_formats(), *_registered)


def format_of(path: AnyPath) -> Format | None:
    """Return the format that a file's name says; None if it says none."""
    name = path.name.lower()
    found = next((each for each in known_formats() if name.endswith(each.suffixes)), None)
    return None if found is not None and name in found.not_data else found


def is_table(path: AnyPath) -> bool:
    """Return whether a file's name says that it is a table, not a corpus, nor a file that may lie beside data."""
    format_ = format_of(path)
    return format_ is not None and not format_.is_corpus and not format_.is_common


def is_corpus(path: AnyPath) -> bool:
    """Return whether a file's name says that it is a file of a corpus format."""
    format_ = format_of(path)
    return format_ is not None and format_.is_corpus


@cache
def _built_in_formats() -> tuple[Format, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(formats_package.__path__))
    return tuple(import_module(f"{formats_package.__name__}.{name}").FORMAT for name in names)
