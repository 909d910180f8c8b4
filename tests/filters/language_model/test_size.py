"""The number of parameters that a configuration describes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from filters.language_model.size import parameter_count
from sample import paths as sample_paths


@pytest.mark.parametrize("model", sample_paths.MODELS)
def test_the_count_equals_the_weights_in_the_file(model: str) -> None:
    directory = sample_paths.model_directory("duped", model)
    weights = load_file(directory / "model.safetensors")
    assert parameter_count(directory) == sum(each.size for each in weights.values())


def test_weights_are_not_needed_and_what_is_no_model_has_no_count(tmp_path: Path) -> None:
    config = json.loads((sample_paths.model_directory("duped", "70m") / "config.json").read_text())
    (tmp_path / "untied").mkdir()
    (tmp_path / "untied" / "config.json").write_text(json.dumps(config | {"tie_word_embeddings": False}))
    embeddings = config["vocab_size"] * config["hidden_size"]
    assert parameter_count(tmp_path / "untied") == 362_240 + embeddings
    assert parameter_count(tmp_path) is None
