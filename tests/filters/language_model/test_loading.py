"""A model is loaded exactly as saved or rejected: no code, no pickled objects, no randomly initialized weights."""

from __future__ import annotations

import gc
import json
import os
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForCausalLM,
    BertConfig,
    MambaConfig,
    PretrainedConfig,
    PreTrainedModel,
    ProphetNetConfig,
    RwkvConfig,
)

from filters.contract import Input
from filters.language_model import loading
from filters.language_model.greedy import decode
from filters.language_model.loading import file_stamp, load_model, load_model_once
from filters.language_model.model import LanguageModel
from tests.filters.language_model.plain_reference import VOCABULARY_SIZE, small_model
from utils import UserError


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    small_model().save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def test_model_is_loaded_as_saved(saved: Path) -> None:
    expected, found = small_model().state_dict(), load_model(saved)
    assert not found.training
    assert set(found.state_dict()) == set(expected)
    assert all(torch.equal(value, expected[name]) for name, value in found.state_dict().items())
    assert load_model(saved, dtype=torch.bfloat16).dtype == torch.bfloat16


def load_once(directory: Path, *wanted: Input) -> PreTrainedModel:
    model = LanguageModel(directory, VOCABULARY_SIZE, None)
    return load_model_once(model, frozenset(wanted), file_stamp(directory))


def test_process_holds_one_model_at_a_time(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_once(saved)
    assert load_once(saved) is first
    watched = weakref.ref(first)
    del first
    small_model(seed=1).save_pretrained(tmp_path / "other")
    held = []

    def load(*arguments: Any) -> PreTrainedModel:
        gc.collect()
        held.append(watched())
        return load_model(*arguments)

    monkeypatch.setattr(loading, "load_model", load)
    load_once(tmp_path / "other")
    assert held == [None]


def test_model_that_is_saved_again_is_loaded_again(saved: Path) -> None:
    first = load_once(saved)
    small_model(seed=1).save_pretrained(saved)
    assert load_once(saved) is not first


def test_saved_generation_settings_do_not_change_greedy_decoding(saved: Path) -> None:
    contexts = torch.arange(40).reshape(4, 10)
    expected = decode(load_model(saved), contexts, 6).tolist()
    says = {"repetition_penalty": 1.8, "do_sample": True, "temperature": 9.0, "return_dict_in_generate": True}
    (saved / "generation_config.json").write_text(json.dumps(says))
    assert decode(load_model(saved), contexts, 6).tolist() == expected


def test_weights_of_layers_missing_in_the_configuration_are_rejected(saved: Path) -> None:
    configuration = json.loads((saved / "config.json").read_text())
    (saved / "config.json").write_text(json.dumps(configuration | {"num_hidden_layers": 2}))
    with pytest.raises(
        UserError, match=r"\d+ of the tensors are not part of its config\.json, such as gpt_neox\.layers\.2\."
    ):
        load_model(saved)


TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}


@pytest.mark.parametrize(
    ("configuration", "wanted", "message"),
    [
        pytest.param(BertConfig(vocab_size=300, is_decoder=True, **TINY), "generation", None, id="decoder"),
        pytest.param(BertConfig(vocab_size=300, **TINY), "predictions", "it is not causal", id="not causal"),
        pytest.param(
            ProphetNetConfig(vocab_size=300, hidden_size=32, num_decoder_layers=2, num_decoder_attention_heads=4),
            "predictions",
            "depends on the padding behind it",
            id="padding",
        ),
        pytest.param(
            RwkvConfig(vocab_size=300, hidden_size=32, num_hidden_layers=2),
            "generation",
            "decodes other",
            id="decoding",
        ),
        pytest.param(
            RwkvConfig(vocab_size=300, hidden_size=32, num_hidden_layers=2), "predictions", None, id="predicts"
        ),
        pytest.param(
            MambaConfig(vocab_size=300, hidden_size=32, num_hidden_layers=2), "attention", "attention", id="attention"
        ),
    ],
)
def test_models_unfit_for_the_wanted_input_are_rejected(
    tmp_path: Path, configuration: PretrainedConfig, wanted: Input, message: str | None
) -> None:
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(configuration)
    for weights in model.parameters():
        weights.data *= 3
    model.save_pretrained(tmp_path)
    if message is None:
        assert not load_once(tmp_path, wanted).training
        return
    with pytest.raises(UserError, match=message) as raised:
        load_once(tmp_path, wanted)
    assert len(str(raised.value).splitlines()) == 2


def test_older_torch_checkpoint_is_loaded(saved: Path) -> None:
    torch.save(load_file(saved / "model.safetensors"), saved / "pytorch_model.bin")
    (saved / "model.safetensors").unlink()
    expected = small_model().state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in load_model(saved).state_dict().items())


class Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (os.environ["HOSTILE"],)


def test_pickled_objects_are_rejected(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSTILE", str(tmp_path / "made"))
    torch.save({"gpt_neox.embed_in.weight": Hostile()}, saved / "pytorch_model.bin")
    (saved / "model.safetensors").unlink()
    with pytest.raises(UserError, match="cannot be loaded"):
        load_model(saved)
    assert not (tmp_path / "made").exists()


def test_code_of_the_model_is_not_run(saved: Path, tmp_path: Path) -> None:
    configuration = json.loads((saved / "config.json").read_text())
    automatic = {"AutoConfig": "own.Own", "AutoModelForCausalLM": "own.Own"}
    (saved / "config.json").write_text(json.dumps(configuration | {"model_type": "own", "auto_map": automatic}))
    (saved / "own.py").write_text(f"import os\nos.mkdir({str(tmp_path / 'made')!r})\n")
    with pytest.raises(UserError, match="cannot be loaded"):
        load_model(saved)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("change", ["missing", "of another shape"])
def test_missing_weights_are_rejected(saved: Path, change: str) -> None:
    weights = load_file(saved / "model.safetensors")
    (name,) = (each for each in weights if "embed_out" in each or "lm_head" in each)
    if change == "missing":
        del weights[name]
    else:
        weights[name] = weights[name][:10].clone()
    save_file(weights, saved / "model.safetensors", {"format": "pt"})
    with pytest.raises(UserError, match=r"lack 1 of the model|cannot be loaded"):
        load_model(saved)


@pytest.mark.parametrize(
    "configuration", ['{"model_type": "no such thing"}', "{}", "[", '{"model_type": "t5"}'], ids=str
)
def test_other_model_kinds_are_a_clear_error(saved: Path, configuration: str) -> None:
    (saved / "config.json").write_text(configuration)
    with pytest.raises(UserError, match="cannot be loaded") as raised:
        load_model(saved)
    assert len(str(raised.value).splitlines()) == 2
