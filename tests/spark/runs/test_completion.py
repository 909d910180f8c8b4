"""What a shell completes, asked as argcomplete's shell code asks: the typed line in variables, the answer in a file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from filters.registry import ALL_FILTERS
from tests.conftest import PROJECT


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("calculate_metrics.py --datas", {"--datasets "}),
        ("calculate_metrics.py --filters ", {"all", "model", *(each.name for each in ALL_FILTERS)}),
        ("calculate_metrics.py --filters all,pro", {"all,prompt_and_continuation "}),
        ("calculate_metrics.py --precision b", {"bfloat16 "}),
        ("calculate_metrics.py --tokenizer mine/tok", {"mine/tokenizer.json "}),
        ("build_features.py --deduplicate exact,", {"exact,fuzzy", "exact,semantic"}),
        ("build_features.py --keep l", {"longest "}),
    ],
)
def test_options_names_and_paths_are_completed(typed: str, expected: set[str], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "tokenizer.json").touch()
    line = f"{PROJECT}/{typed}"
    asked = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE_IFS": "\n"}
    environment = os.environ | asked | {"_ARGCOMPLETE_STDOUT_FILENAME": str(tmp_path / "answer")}
    command = [sys.executable, line.split()[0]]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("", "")
    assert set((tmp_path / "answer").read_text().split("\n")) == expected
