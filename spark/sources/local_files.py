"""Find the data files at a path, and open them as a source, without Spark."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

from spark.sources.compression import COMPRESSIONS
from spark.sources.patterns import matching_paths
from spark.sources.registry import Format, ReadOptions, format_of, is_corpus, known_formats
from spark.sources.saved_datasets import saved_files
from spark.sources.shards import require_all_shards
from spark.sources.source import Source
from spark.storage.paths import AnyPath, files_below, is_local
from utils import UserError, printable


def find_files(path: AnyPath, as_corpus: bool = False) -> tuple[AnyPath, ...]:
    """Return the data files at a path or pattern, all of one format; raise UserError if there are none, or several.

    Files of a directory that are some of several numbered ones must all be there; a pattern may choose some of them.
    as_corpus: whether files of a corpus format hide the other files of their directory; else the others hide them.
    """
    shown = printable(str(path))
    matching = matching_paths(path)
    if not path.exists() and not matching:
        raise UserError(f"{shown}: no such file or directory.\nKnown datasets besides paths: see --help.")
    if path.is_file():
        return (_single_file(path),)
    if saved := saved_files(path):
        return tuple(map(_absolute, saved))
    visible = _files_of(matching) if matching else _visible_files(path)
    found = {file: format_ for file, format_ in visible.items() if format_.is_corpus == as_corpus} or visible
    found = {file: format_ for file, format_ in found.items() if not format_.is_common} or found
    if not found:
        raise UserError(f"{shown}: found no file named {_suffixes()} there.")
    names = {format_.name for format_ in found.values()}
    if len(names) > 1:
        raise UserError(f"{shown}: found {' and '.join(sorted(names))} files together; give the path of one kind.")
    if not matching and not any(format_.is_corpus for format_ in found.values()):
        require_all_shards(str(path), found)
    return tuple(found)


def holds_corpus(path: AnyPath) -> bool:
    """Return whether a path is a file of a corpus format, or a directory with one."""
    if path.is_file():
        return is_corpus(path)
    return path.is_dir() and any(map(is_corpus, _visible_files(path)))


def describe_files(paths: tuple[AnyPath, ...], options: ReadOptions | None = None) -> Source:
    """Open files that were found; raise UserError for one that is damaged or differs from the others."""
    format_ = format_of(paths[0])
    if format_ is None:
        raise UserError(f"{printable(str(paths[0]))}: expected a file named {_suffixes()}.")
    return format_.open(paths, options or ReadOptions())


def _single_file(path: AnyPath) -> AnyPath:
    format_ = format_of(path)
    if format_ is None:
        raise UserError(f"{printable(str(path))}: expected a file named {_suffixes()}.")
    if not format_.is_corpus and (path.name.startswith((".", "_")) or _has_colon(path)):
        raise UserError(
            f"{printable(str(path))}: Spark cannot read a path with ':', or a name that begins with '.' or '_'."
        )
    return _absolute(path)


def _visible_files(directory: AnyPath) -> dict[AnyPath, Format]:
    """Return the data files in a directory that are not hidden, and their formats; each file once."""
    found = {}
    for name, path in reversed(files_below(directory).items()):
        format_ = format_of(path)
        if format_ is not None and not _is_hidden(name):
            found[path.resolve()] = (_absolute(path), format_)
    return dict(reversed(found.values()))


def _files_of(paths: Iterable[AnyPath]) -> dict[AnyPath, Format]:
    """Return the data files among some paths and in the directories among them, and their formats."""
    found = {}
    for path in paths:
        if path.is_dir():
            found.update(_visible_files(path))
        elif (format_ := format_of(path)) is not None and not _is_hidden(PurePath(path.name)):
            found[_absolute(path)] = format_
    return found


def _suffixes() -> str:
    """Return the suffixes of all formats, for messages; without those of compressed files."""
    known = [suffix for format_ in known_formats() for suffix in format_.suffixes]
    return ", ".join(suffix for suffix in known if not suffix.endswith(tuple(COMPRESSIONS)))


def _absolute(path: AnyPath) -> AnyPath:
    """Return the path without links or `..` before its last part, whose suffix says how to read the file."""
    return path.parent.resolve() / path.name


def _has_colon(path: AnyPath) -> bool:
    return is_local(path) and ":" in str(path.resolve())


def _is_hidden(path: PurePath) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)
