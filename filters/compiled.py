"""Compiling the filters' loops, with a cache on disk that forgets when any of them has changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numba
from numba import njit


def cache_directory(package: Path) -> Path:
    """Where compiled code of the package in its present state is kept.

    numba itself looks only at the file of the function that is called, and would go on with old code where
    a function that this one calls has changed.
    """
    sources = sorted(package.glob("*.py"))
    state = [(path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in sources]
    return package / "__pycache__" / f"numba-{hashlib.sha256(repr(state).encode()).hexdigest()[:16]}"


# Where this directory cannot be written, numba takes one of the user's instead.
numba.config.CACHE_DIR = str(cache_directory(Path(__file__).parent))

compiled = njit(cache=True)
