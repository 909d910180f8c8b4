"""How the cores of this machine are shared out between workers that each hold a language model, and their threads."""

from __future__ import annotations

import os
from collections.abc import Iterable

from filters.language_model.model import LanguageModel, weight_bytes

SHARE_OF_MEMORY = 0.5  # for models; the rest is for the JVM, for batches and for the system
BYTES_BESIDE_A_MODEL = 1 << 30  # what a worker takes besides: torch, and a batch


def cores_a_task(models: Iterable[LanguageModel | None]) -> int:
    """The cores of a task, and so the threads of its worker: one, or more where memory holds fewer models than cores.

    One worker where there is a GPU: Spark gives GPUs to workers only on a cluster.
    """
    known = [model for model in models if model is not None]
    cores = os.cpu_count() or 1
    if not known:
        return 1
    import torch  # here already: the models' configurations were read

    if torch.cuda.is_available():
        return cores
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    largest = max(weight_bytes(model) for model in known) + BYTES_BESIDE_A_MODEL
    workers = max(1, min(cores, int(SHARE_OF_MEMORY * memory / largest)))
    return cores // workers
