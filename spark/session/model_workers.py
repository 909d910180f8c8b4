"""Divide the cores of this machine among workers that each hold a language model, and their threads."""

from __future__ import annotations

import os
from collections.abc import Iterable

from filters.language_model.model import LanguageModel, weight_bytes

SHARE_OF_MEMORY = 0.5  # of memory, for models; the rest is for the JVM, batches and the system
BYTES_BESIDE_A_MODEL = 1 << 30  # per worker: torch and a batch


def cores_a_task(models: Iterable[LanguageModel | None]) -> int:
    """Return the cores of a task, which are also the threads of its worker.

    It is 1, or more if memory holds fewer models than there are cores. With a GPU it is all cores, so that there is one
    worker: in local mode, Spark does not assign GPUs to workers.
    """
    known = [model for model in models if model is not None]
    cores = os.cpu_count() or 1
    if not known:
        return 1
    import torch  # already imported, to read the models' configurations

    if torch.cuda.is_available():
        return cores
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    largest = max(weight_bytes(model) for model in known) + BYTES_BESIDE_A_MODEL
    workers = max(1, min(cores, int(SHARE_OF_MEMORY * memory / largest)))
    return cores // workers
