"""Workers that evaluate a model keep freed memory, and exclude the libraries from garbage collection."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from filters.language_model.model import LanguageModel
from filters.measuring import Resources
from spark.metrics import stage
from tests.conftest import PROJECT

FAULTS = """
import ctypes, gc, resource, sys
import numpy as np
PR_SET_THP_DISABLE = 41
assert ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0  # with huge pages, faults depend on free memory
from spark.session.model_memory import keep_memory_of_models
if sys.argv[1] == "kept":
    keep_memory_of_models()
    assert gc.get_freeze_count() > 100_000
    before = gc.get_freeze_count()
    keep_memory_of_models()
    assert gc.get_freeze_count() == before
for _ in range(2):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(1 << 24)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(faults)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_freed_memory_is_reused() -> None:
    faults = {}
    for what in ("kept", "as usual"):
        command = [sys.executable, "-c", FAULTS, what]
        finished = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
        faults[what] = int(finished.stdout)
    pages = (1 << 27) // 4096
    assert faults["kept"] < pages / 100
    assert faults["as usual"] > pages / 2  # else this test proves nothing


@pytest.mark.parametrize("asks", [True, False])
def test_only_workers_with_a_model_keep_memory(asks: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[bool] = []
    monkeypatch.setattr(stage, "keep_memory_of_models", lambda: called.append(True))
    model = LanguageModel(Path("model"), vocabulary_size=10, context_tokens=None) if asks else None
    stage.on_the_device(Resources(language_model=model))
    assert called == [True] * asks
