"""Compile the loops of filters and features, with a cache on disk that is keyed by a hash of all their sources.

The cache lies beside the sources. It does not depend on their path or modification time, so an archive of the package
can carry it to another machine.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba import njit
from numba.core.caching import InTreeCacheLocator

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
        """Return a locator for the function; None if it lies outside `ROOMS` or the directory is not writable."""
        is_ours = any(room in Path(py_file).resolve().parents for room in ROOMS)
        return super().from_function(py_func, py_file) if is_ours else None


# numba's own locators follow, for other packages and for directories that are not writable.
numba.config.CACHE_LOCATOR_CLASSES = ",".join(
    [f"{__name__}.{PackageCacheLocator.__name__}", numba.config.CACHE_LOCATOR_CLASSES or LOCATORS]
)

compiled = njit(cache=True)
