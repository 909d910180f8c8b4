"""Compile the loops of filters and features, with a cache on disk that is keyed by a hash of all their sources.

The cache lies beside the sources. It does not depend on their path or modification time, so an archive of the package
can carry it to another machine. A directory that is not writable is still read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba import njit
from numba.core.caching import FunctionCache, InTreeCacheLocator

PROJECT = Path(__file__).resolve().parent.parent
ROOMS = (PROJECT / "filters", PROJECT / "features")  # the packages that keep their compiled code beside their sources
LOCATORS = "UserProvidedCacheLocator,InTreeCacheLocator,UserWideCacheLocator,IPythonCacheLocator,ZipCacheLocator"


def cache_directory(package: Path) -> Path:
    """Return the directory of the package's compiled code for the current sources."""
    return package / "__pycache__" / f"numba-{sources_hash()}"


@cache
def sources_hash(rooms: tuple[Path, ...] = ROOMS) -> str:
    """Return a hash of the Python sources in these folders.

    numba itself checks only the file of the called function. It would reuse old code after a change to a function or
    constant imported from another file.
    """
    state = hashlib.sha256()
    for path, room in sorted((path, each) for each in rooms for path in each.rglob("*.py")):
        state.update(f"{path.relative_to(room)} {path.stat().st_size}\n".encode() + path.read_bytes())
    return state.hexdigest()[:16]


class PackageCacheLocator(InTreeCacheLocator):
    """Tell numba the cache directory of the functions in `ROOMS`."""

    def get_cache_path(self) -> str:
        """Return the cache directory."""
        return str(cache_directory(Path(self._py_file).resolve().parent))

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        """Return a locator for the function.

        None if it lies outside `ROOMS`, or if the directory is not writable and holds no compiled code.
        """
        if not _is_ours(py_file):
            return None
        read_only = cls(py_func, py_file)
        holds_code = any(Path(read_only.get_cache_path()).glob("*.nbi"))
        return super().from_function(py_func, py_file) or (read_only if holds_code else None)


class LastCacheLocator(PackageCacheLocator):
    """Tell numba the same directory although it is of no use: numba compiles nothing without a locator."""

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        """Return a locator for the function; None if it lies outside `ROOMS`."""
        return cls(py_func, py_file) if _is_ours(py_file) else None


def _is_ours(py_file: str) -> bool:
    return any(room in Path(py_file).resolve().parents for room in ROOMS)


class PackageCache(FunctionCache):
    """A cache that never stops a run: what cannot be read is compiled again, what cannot be written is not kept."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled code; None if there is none, or it cannot be read."""
        with suppress(OSError):
            return super().load_overload(sig, target_context)
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the compiled code, if it can be written."""
        with suppress(OSError):
            super().save_overload(sig, data)


def compiled(function: Callable[..., Any]) -> Any:
    """Return the function compiled by numba when it is first called, or loaded from the cache."""
    dispatcher = njit(function)
    dispatcher._cache = PackageCache(function)  # as `njit(cache=True)` does with numba's own cache
    return dispatcher


# numba's own locators serve other packages, and directories that are not writable and hold no compiled code.
numba.config.CACHE_LOCATOR_CLASSES = ",".join(
    [
        f"{__name__}.{PackageCacheLocator.__name__}",
        numba.config.CACHE_LOCATOR_CLASSES or LOCATORS,
        f"{__name__}.{LastCacheLocator.__name__}",
    ]
)
