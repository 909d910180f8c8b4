"""Compiling the loops of filters and features, with a cache on disk that forgets when any of them has changed.

The cache lies beside the sources and knows them by what they say, not by where they lie or when they were
written: an archive of the package brings it along to wherever it is unpacked.
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
ROOMS = (PROJECT / "filters", PROJECT / "features")  # whose packages keep their compiled code beside their sources
NUMBAS_OWN = "UserProvidedCacheLocator,InTreeCacheLocator,UserWideCacheLocator,IPythonCacheLocator,ZipCacheLocator"


def cache_directory(package: Path) -> Path:
    """Return the directory of the package's compiled code, as the sources of all rooms are now."""
    return package / "__pycache__" / f"numba-{sources_hash()}"


@cache
def sources_hash(rooms: tuple[Path, ...] = ROOMS) -> str:
    """Return a hash of the sources in these folders.

    numba itself looks only at the file of the function that is called. It would go on with old code after a change
    to a function, or a constant, that this one uses from another file.
    """
    state = hashlib.sha256()
    for path, room in sorted((path, each) for each in rooms for path in each.rglob("*.py")):
        state.update(f"{path.relative_to(room)} {path.stat().st_size}\n".encode() + path.read_bytes())
    return state.hexdigest()[:16]


class PackageCacheLocator(InTreeCacheLocator):
    """Tells numba of that directory, for the functions of the rooms."""

    def get_cache_path(self) -> str:
        """The directory, for numba."""
        return str(cache_directory(Path(self._py_file).resolve().parent))

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        """A locator for the function; None where it is of no room, or the directory cannot be written."""
        is_of_a_room = any(room in Path(py_file).resolve().parents for room in ROOMS)
        return super().from_function(py_func, py_file) if is_of_a_room else None


# numba's own places come after it: for other packages, and where the directory cannot be written.
numba.config.CACHE_LOCATOR_CLASSES = ",".join(
    [f"{__name__}.{PackageCacheLocator.__name__}", numba.config.CACHE_LOCATOR_CLASSES or NUMBAS_OWN]
)

compiled = njit(cache=True)
