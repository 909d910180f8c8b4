"""A model is put on its device, or the reason is named; lack of memory is recognized by every message."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from filters.language_model.batching import run_halving_on_lack_of_memory
from filters.language_model.devices import device_name, put_on_device
from utils import UserError


def test_cpu_is_used_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    network = put_on_device(torch.nn.Linear(2, 2), None, "--model x")
    assert device_name(network.weight.device) == "cpu"


def test_device_that_is_not_there_is_named() -> None:
    with pytest.raises(UserError, match=r"--model x: cannot be put on cuda:99: .*\ntorch finds \d+ GPUs\."):
        put_on_device(torch.nn.Linear(2, 2), "cuda:99", "--model x")


def test_model_that_does_not_fit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise torch.OutOfMemoryError

    network = torch.nn.Linear(4_000, 8_000)
    monkeypatch.setattr(network, "to", fail)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (3 << 29, 1 << 34))
    with pytest.raises(UserError, match=r"x: its weights take 0\.1 GiB, and cuda has 1\.5 GiB free\.\nUse a smaller"):
        put_on_device(network, "cuda", "--model x")


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 byte"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_rows_are_halved_on_every_lack_of_memory(error: Exception) -> None:
    def work(rows: np.ndarray) -> list[int]:
        if len(rows) > 2:
            raise error
        return rows.tolist()

    found = run_halving_on_lack_of_memory(work, np.arange(5))
    assert [row for part in found for row in part] == [0, 1, 2, 3, 4]
    assert max(map(len, found)) == 2


def test_other_errors_are_raised() -> None:
    def work(rows: np.ndarray) -> None:
        raise RuntimeError("CUDA error: an illegal memory access")

    with pytest.raises(RuntimeError, match="illegal"):
        run_halving_on_lack_of_memory(work, np.arange(5))
