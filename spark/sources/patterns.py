"""Paths with `*`, `?`, `[…]` and `**`: find the files that they stand for, here and on shared storage."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from spark.storage.paths import AnyPath, files_below, is_local

SPECIAL = frozenset("*?[")
ANY_FOLDERS = "**"


def exists(path: AnyPath) -> bool:
    """Return whether a path is there, or a pattern stands for one that is."""
    return path.exists() or bool(matching_paths(path))


def matching_paths(path: AnyPath) -> tuple[AnyPath, ...]:
    """Return the paths that a pattern stands for, sorted; none for a path without a pattern, or that is there."""
    if path.exists() or not SPECIAL.intersection(str(path)):
        return ()
    base, pattern = base_of(path), _pattern_of(path)
    if is_local(base):
        return tuple(sorted(base.glob("/".join(pattern))))
    files = files_below(base).items() if base.exists() else ()
    return tuple(file for name, file in files if _matches(name.parts, pattern))


def base_of(path: AnyPath) -> AnyPath:
    """Return the deepest directory above all that a pattern stands for; the path itself if it is no pattern."""
    if path.exists():
        return path
    while SPECIAL.intersection(str(path)):
        path = path.parent
    return path


def _pattern_of(path: AnyPath) -> tuple[str, ...]:
    parts: list[str] = []
    base = base_of(path)
    while str(path) != str(base):
        parts.insert(0, path.name)
        path = path.parent
    return tuple(parts)


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == ANY_FOLDERS:
        return any(_matches(parts[skipped:], pattern[1:]) for skipped in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])
