"""Sentence embeddings follow their definition and do not depend on the batch; unsupported models are rejected."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from features.semantic_duplicates import loading
from features.semantic_duplicates.embedding import embed
from features.semantic_duplicates.model import read_embedding_model
from tests.features.embedding_models import LONGEST, MODULES, WORDS, save_tiny_model, write_json
from tests.features.minilm import MINILM
from tests.features.plain_reference import embed_plainly
from utils import UserError

TEXTS = [
    "",
    " ",
    "A",
    "The cat sits outside in the sun.",
    "the CAT sits\toutside\n\nin the sun",
    "def read(path):\n    return path.read_bytes()\n",
    "1, 2, 3, 4, 5, 6, 7, 8, 9, 10",
    "Über die Straße, \u00e9 e\u0301 \ufffd \u0000 \U0001f600 日本語",
    "<|endoftext|>[CLS] [PAD] [SEP]",
    "word " * 400,
    *(f"sentence {number} of " + "several words and " * number for number in range(20)),
]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return save_tiny_model(tmp_path / "tiny")


def test_embedding_is_the_mean_over_the_tokens_of_a_text() -> None:
    found = embed(TEXTS, read_embedding_model(MINILM))
    assert found.dtype == np.float32
    assert found.shape == (len(TEXTS), 384)
    assert np.abs(found - embed_plainly(MINILM, TEXTS, longest=256)).max() < 1e-5
    assert np.abs(np.linalg.norm(found.astype(np.float64), axis=1) - 1).max() < 1e-6


def test_embeddings_do_not_depend_on_other_texts_of_the_batch() -> None:
    model = read_embedding_model(MINILM)
    expected = embed(TEXTS, model)
    order = np.random.default_rng(2).permutation(len(TEXTS))
    found = embed([TEXTS[i] for i in order], model, tokens_a_batch=300)
    assert np.abs(found - expected[order]).max() < 1e-5
    assert np.abs(embed(TEXTS[3:4], model) - expected[3]).max() < 1e-5


def test_text_is_truncated_at_the_configured_length(tiny: Path) -> None:
    words = [*WORDS[4:], "one", "two", "three"]
    texts = [" ".join(words[:length]) for length in range(len(words))]
    found = embed(texts, read_embedding_model(tiny))
    assert np.abs(found - embed_plainly(tiny, texts, LONGEST)).max() < 1e-5
    assert np.array_equal(found[LONGEST - 2].round(5), found[LONGEST].round(5))
    assert not np.array_equal(found[LONGEST - 3].round(5), found[LONGEST - 2].round(5))


STORED = {
    "truncation": {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0},
    "padding": {
        "strategy": {"Fixed": 8},
        "direction": "Left",
        "pad_to_multiple_of": None,
        "pad_id": 1,
        "pad_type_id": 0,
        "pad_token": "[PAD]",
    },
}


@pytest.mark.parametrize("name", STORED)
def test_stored_truncation_and_padding_change_no_embedding(tiny: Path, name: str) -> None:
    texts = ["one two three four five", "six"]
    expected = embed(texts, read_embedding_model(tiny))
    path = tiny / "tokenizer.json"
    write_json(path, json.loads(path.read_text()) | {name: STORED[name]})
    assert np.array_equal(embed(texts, read_embedding_model(tiny)), expected)


def test_dropout_stored_with_the_tokenizer_is_off(tiny: Path) -> None:
    path = tiny / "tokenizer.json"
    pieces = {piece: number for number, piece in enumerate([*WORDS[:4], "a", "b", "ab"])}
    model = {"type": "BPE", "dropout": 0.9, "unk_token": "[UNK]", "merges": [["a", "b"]], "vocab": pieces}
    write_json(path, json.loads(path.read_text()) | {"model": model})
    tokenizer = loading.load_encoder(read_embedding_model(tiny)).tokenizer
    assert tokenizer("ab " * 4)["input_ids"] == [2, 6, 6, 6, 6, 3]


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_other_architectures_embed_by_the_same_definition(tmp_path: Path, kind: str) -> None:
    directory = save_tiny_model(tmp_path / kind, kind)
    texts = ["one two three", "four", "", "five six seven eight nine ten", "one two three"]
    found = embed(texts, read_embedding_model(directory))
    assert np.abs(found - embed_plainly(directory, texts, LONGEST)).max() < 1e-5


def test_no_texts_give_no_embeddings(tiny: Path) -> None:
    assert embed([], read_embedding_model(tiny)).shape == (0, 16)


def test_texts_are_lower_cased_if_configured(tiny: Path) -> None:
    write_json(tiny / "sentence_bert_config.json", {"max_seq_length": LONGEST, "do_lower_case": True})
    upper, lower = embed(["ONE Two", "one two"], read_embedding_model(tiny))
    assert np.array_equal(upper, lower)


def test_model_is_loaded_once_and_again_after_a_change(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []
    load = loading.load_encoder
    monkeypatch.setattr(loading, "load_encoder", lambda model: loads.append(model) or load(model))
    model = read_embedding_model(tiny)
    before = [embed(["one"], model), embed(["one"], model)]
    assert len(loads) == 1
    assert np.array_equal(before[0], before[1])
    change_weights(tiny, lambda name, tensor: tensor * 2 if "word_embeddings" in name else tensor)
    assert not np.allclose(embed(["one"], model), before[0])
    assert len(loads) == 2


def change_weights(directory: Path, change: Any) -> None:
    path = directory / "model.safetensors"
    changed = {name: change(name, tensor) for name, tensor in load_file(path).items()}
    save_file({name: tensor for name, tensor in changed.items() if tensor is not None}, path, {"format": "pt"})


def modules(*kinds: str) -> list[dict[str, str]]:
    return [{"path": "" if kind == "Transformer" else "1_Pooling", "type": f"models.{kind}"} for kind in kinds]


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        pytest.param(
            "modules.json", modules("Transformer", "Pooling", "Dense", "Normalize"), "found.*Dense", id="dense"
        ),
        pytest.param("modules.json", modules("StaticEmbedding"), "found StaticEmbedding", id="no transformer"),
        pytest.param("modules.json", {}, "expected a JSON list", id="no list of modules"),
        pytest.param("modules.json", [1, 2, 3], "lists no modules", id="no modules"),
        pytest.param("modules.json", [MODULES[0], MODULES[1] | {"path": "../x"}], "outside the directory", id="path"),
        pytest.param(
            "modules.json", [MODULES[0] | {"path": "0_T"}, MODULES[1]], "in the directory itself", id="nested"
        ),
        pytest.param("1_Pooling/config.json", {"pooling_mode": "cls"}, "mean pooling, found cls", id="first token"),
        pytest.param("1_Pooling/config.json", {"pooling_mode_max_tokens": True}, "found max_tokens", id="maximum"),
        pytest.param(
            "1_Pooling/config.json",
            {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True},
            "found mean_tokens, cls_token",
            id="two poolings",
        ),
        pytest.param("1_Pooling/config.json", {}, "found none", id="no pooling"),
        pytest.param("sentence_bert_config.json", {"max_seq_length": "many"}, "found 'many'", id="no length"),
        pytest.param("sentence_bert_config.json", {"model_args": {"a": 1}}, "sets 'model_args'", id="unknown setting"),
        pytest.param(
            "config_sentence_transformers.json",
            {"prompts": {"query": "find: "}, "default_prompt_name": "query"},
            "puts the prompt 'query'",
            id="prompt",
        ),
    ],
)
def test_other_model_configurations_are_rejected(tiny: Path, file: str, content: Any, words: str) -> None:
    write_json(tiny / file, content)
    with pytest.raises(UserError, match=words) as raised:
        read_embedding_model(tiny)
    assert len(str(raised.value).splitlines()) == 2


def test_missing_or_invalid_model_files_are_rejected(tiny: Path) -> None:
    with pytest.raises(UserError, match="no such directory"):
        read_embedding_model(tiny / "nowhere")
    (tiny / "modules.json").write_text("[")
    with pytest.raises(UserError, match=r"modules\.json is not JSON"):
        read_embedding_model(tiny)
    (tiny / "modules.json").unlink()
    with pytest.raises(UserError, match=r"expected .*modules\.json, found no file"):
        read_embedding_model(tiny)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(
            lambda name, tensor: None if "layer.1.output" in name else tensor, "differ in 4 tensors", id="lost"
        ),
        pytest.param(lambda name, tensor: tensor * float("nan"), "depends on the texts beside it", id="no numbers"),
    ],
)
def test_missing_or_nan_weights_are_rejected(tiny: Path, change: Any, words: str) -> None:
    change_weights(tiny, change)
    with pytest.raises(UserError, match=words) as raised:
        embed(["one"], read_embedding_model(tiny))
    assert len(str(raised.value).splitlines()) == 2


def test_nan_embeddings_are_rejected(tiny: Path) -> None:
    def spoil(name: str, tensor: Any) -> Any:
        if "word_embeddings" in name:
            tensor[WORDS.index("seven")] = float("inf")
        return tensor

    change_weights(tiny, spoil)
    with pytest.raises(UserError, match=r"'five seven' is not a number"):
        embed(["one", "five seven"], read_embedding_model(tiny))


def test_length_beyond_the_position_embeddings_is_rejected(tiny: Path) -> None:
    write_json(tiny / "sentence_bert_config.json", {"max_seq_length": 17})
    with pytest.raises(UserError, match="max_seq_length is 17, and the network reads 16"):
        embed(["one"], read_embedding_model(tiny))
