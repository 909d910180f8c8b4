"""Resolving a tokenizer.json from a path or from a model on the Hub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from spark.sources.hub.errors import HubError
from spark.sources.hub.retry import RetryPolicy
from spark.sources.hub.tokenizer import fetch_tokenizer
from tests.spark.sources.hub.server import HubServer, Status, Truncate

NAME = "EleutherAI/pythia-70m"
CONTENT = json.dumps({"model": {"vocab": {str(n): n for n in range(500)}}}).encode()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with HubServer() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        server.publish_files(NAME, {"tokenizer.json": CONTENT, "model.bin": b"0" * 9999}, kind="models")
        yield server


def test_tokenizer_of_a_model_is_downloaded_once(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fetch_tokenizer(NAME, tmp_path)
    assert path.read_bytes() == CONTENT
    assert path.is_relative_to(tmp_path)
    assert hub.bytes_sent == {"tokenizer.json": len(CONTENT)}
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert fetch_tokenizer(NAME, tmp_path) == path
    assert hub.bytes_sent == {"tokenizer.json": len(CONTENT)}


def test_revisions_are_cached_separately(hub: HubServer, tmp_path: Path) -> None:
    hub.publish_files(NAME, {"tokenizer.json": b"{}"}, kind="models", revision="step1000")
    assert fetch_tokenizer(NAME, tmp_path, "step1000").read_bytes() == b"{}"
    assert fetch_tokenizer(NAME, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("fault", [Status(429, retry_after=2), Status(502), Truncate(100)])
def test_transient_faults_are_retried(
    hub: HubServer, tmp_path: Path, fault: Status | Truncate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)
    hub.misbehave(f"/{NAME}", fault, 2)
    hub.misbehave("GET /EleutherAI", fault, 1)
    path = fetch_tokenizer(NAME, tmp_path, retry=RetryPolicy(sleep=lambda seconds: None))
    assert path.read_bytes() == CONTENT


def test_local_path_is_used_in_place(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    for path in (tmp_path / "mine.json", tmp_path / "model/tokenizer.json"):
        path.write_bytes(CONTENT)
    assert fetch_tokenizer(str(tmp_path / "mine.json"), tmp_path / "cache") == tmp_path / "mine.json"
    assert fetch_tokenizer(str(tmp_path / "model"), tmp_path / "cache") == tmp_path / "model/tokenizer.json"
    assert not (tmp_path / "cache").exists()


def test_missing_tokenizer_is_a_two_line_error(hub: HubServer, tmp_path: Path) -> None:
    hub.publish_files("someone/old", {"vocab.json": b"{}"}, kind="models")
    with pytest.raises(HubError, match=r"model someone/old has no tokenizer.json at commit"):
        fetch_tokenizer("someone/old", tmp_path)
    with pytest.raises(HubError, match=r"Expected tokenizer.json in .*, found none"):
        fetch_tokenizer(str(tmp_path), tmp_path)
    with pytest.raises(HubError, match="Expected a Hub id such as EleutherAI/pythia-70m or an existing path"):
        fetch_tokenizer("./missing/tokenizer.json", tmp_path)
    with pytest.raises(HubError, match=r"model EleutherAI/pythia-71m, revision main, at .*not found"):
        fetch_tokenizer("EleutherAI/pythia-71m", tmp_path)
