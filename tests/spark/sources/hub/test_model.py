"""Files of a model, from a directory or the Hub: safetensors if available, and no file that is not needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from spark.sources.hub.errors import HubError
from spark.sources.hub.model import fetch_model, model_files
from tests.spark.sources.hub.server import HubServer

NAME = "EleutherAI/pythia-70m-deduped"
FILES = {
    "config.json": b"{}",
    "model.safetensors": b"s" * 5_000,
    "pytorch_model.bin": b"p" * 9_000,
    "tokenizer.json": b"[0]",
    "modeling_custom.py": b"raise SystemExit",
}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with HubServer() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        server.publish_files(NAME, FILES, kind="models")
        yield server


def test_only_the_needed_files_of_a_model_are_downloaded_once(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = fetch_model(NAME, tmp_path)
    assert directory.is_relative_to(tmp_path)
    assert (directory / "model.safetensors").read_bytes() == FILES["model.safetensors"]
    assert hub.bytes_sent == {"config.json": 2, "tokenizer.json": 3, "model.safetensors": 5_000}
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert fetch_model(NAME, tmp_path) == directory


def test_embedding_model_is_downloaded_with_its_tokenizer_files(hub: HubServer, tmp_path: Path) -> None:
    more = {"modules.json": b"[]", "1_Pooling/config.json": b"{ }", "vocab.txt": b"a", "onnx/model.onnx": b"no"}
    hub.publish_files("owner/embeds", FILES | more, kind="models")
    directory = fetch_model("owner/embeds", tmp_path, embeds=True)
    assert (directory / "1_Pooling" / "config.json").read_bytes() == b"{ }"
    assert not (directory / "onnx").exists()
    assert fetch_model("owner/embeds", tmp_path, embeds=True) == directory
    assert hub.bytes_sent["1_Pooling/config.json"] == 3


def test_older_checkpoint_without_safetensors_is_downloaded(hub: HubServer, tmp_path: Path) -> None:
    files = {"config.json": b"{}", "pytorch_model.bin": b"old"}
    hub.publish_files(NAME, files, kind="models", revision="step23000")
    directory = fetch_model(NAME, tmp_path, "step23000")
    assert {name: (directory / name).read_bytes() for name in files} == files
    assert fetch_model(NAME, tmp_path) != directory


SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(["model.safetensors", "generation_config.json"], None, id="one file"),
        pytest.param(["model.safetensors.index.json", *SHARDS], None, id="shards"),
        pytest.param([*SHARDS, "pytorch_model.bin"], ["pytorch_model.bin"], id="shards without their index"),
        pytest.param(["pytorch_model.bin", "model.safetensors"], ["model.safetensors"], id="both formats"),
        pytest.param(["onnx/model.safetensors", "pytorch_model.bin"], ["pytorch_model.bin"], id="in a directory below"),
    ],
)
def test_needed_files_of_a_model_are_selected(names: list[str], expected: list[str] | None) -> None:
    assert set(model_files(["README.md", "config.json", *names], "x")) == {"config.json", *(expected or names)}


@pytest.mark.parametrize("names", [[], ["model.safetensors"], ["config.json"], ["config.json", "model.gguf"]])
def test_directory_without_a_model_is_a_two_line_error(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("")
    with pytest.raises(HubError, match=r"^Expected .* in .*found none\.\nGive .*\.$"):
        fetch_model(str(tmp_path), tmp_path / "cache")


def test_local_model_is_used_in_place(tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_text("")
    assert fetch_model(str(tmp_path), tmp_path / "cache") == tmp_path
    assert not (tmp_path / "cache").exists()


def test_a_file_of_weights_is_answered_with_its_directory(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.touch()
    with pytest.raises(HubError, match=f"found the file {weights}.\nGive its directory: {tmp_path}$"):
        fetch_model(str(weights), tmp_path)
