"""The cache under `--cache_dir`: only damaged files are fetched again, and a copied cache serves offline."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from spark.sources.hub.datasets import HubDataset, fetch_split
from spark.sources.hub.errors import DamagedFileError, HubError
from spark.sources.hub.repository import HubRepository
from spark.sources.hub.retry import RetryPolicy
from tests.spark.sources.hub.server import HubServer, Status
from tests.spark.sources.hub.test_splits import ROW

NAME = "someone/rows"
CONTENTS = {"a.bin": b"first" * 100, "below/b.bin": b"second" * 100, "c.json": b"{}"}
NO_WAIT = RetryPolicy(sleep=lambda seconds: None)


class Killed(BaseException):
    """Stands for a killed process."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with HubServer() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        server.publish_files(NAME, CONTENTS)
        yield server


def fetch(cache: Path, check: Callable[[Path], None] = lambda path: None) -> list[Path]:
    repository = HubRepository("dataset", NAME, cache, NO_WAIT)
    commit = repository.resolve("main")
    files = repository.list_files(commit)
    paths = list(repository.fetch(commit, [files[name] for name in CONTENTS], check))
    assert [path.read_bytes() for path in paths] == list(CONTENTS.values())
    return paths


def delete(path: Path) -> None:
    path.resolve().unlink()


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"!")


@pytest.mark.parametrize("damage", [delete, shorten, lengthen])
@pytest.mark.parametrize("name", CONTENTS)
def test_only_the_damaged_file_is_fetched_again(
    hub: HubServer, tmp_path: Path, damage: Callable[[Path], None], name: str
) -> None:
    damage(dict(zip(CONTENTS, fetch(tmp_path), strict=True))[name])
    hub.bytes_sent.clear()
    fetch(tmp_path)
    assert hub.bytes_sent == {name: len(CONTENTS[name])}


@pytest.mark.parametrize("damage", [delete, shorten])
def test_damaged_file_is_an_error_offline(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None]
) -> None:
    paths = fetch(tmp_path)
    damage(paths[0])
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(HubError, match=r"^[^\n]*(is damaged|cache lacks it)[^\n]*\n[^\n]*$"):
        fetch(tmp_path)
    assert paths[1].exists()


def test_killed_fetch_resumes_with_the_missing_files(hub: HubServer, tmp_path: Path) -> None:
    def kill(path: Path) -> None:
        if path.name == "b.bin":
            raise Killed

    with pytest.raises(Killed):
        fetch(tmp_path, kill)
    hub.bytes_sent.clear()
    fetch(tmp_path)
    assert hub.bytes_sent == {"c.json": len(CONTENTS["c.json"])}


def test_file_that_fails_its_check_is_fetched_again(hub: HubServer, tmp_path: Path) -> None:
    seen: list[Path] = []

    def check(path: Path) -> None:
        seen.append(path)
        if len(seen) == 1:
            raise DamagedFileError("not this time")

    fetch(tmp_path, check)
    assert hub.bytes_sent["a.bin"] == 2 * len(CONTENTS["a.bin"])


@pytest.mark.parametrize("keeps_links", [True, False])
def test_copied_cache_serves_offline(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keeps_links: bool
) -> None:
    fetch(tmp_path / "cache")
    shutil.copytree(tmp_path / "cache", tmp_path / "copy", symlinks=keeps_links)
    shutil.rmtree(tmp_path / "cache")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    hub.requests.clear()
    assert all(path.is_relative_to(tmp_path / "copy") for path in fetch(tmp_path / "copy"))
    assert hub.requests == []


@pytest.mark.parametrize("fault", [Status(429), Status(503)])
def test_busy_hub_is_reported_and_the_cached_commit_is_used(hub: HubServer, tmp_path: Path, fault: Status) -> None:
    repository = HubRepository("dataset", NAME, tmp_path, NO_WAIT)
    commit = repository.resolve("main")
    hub.publish_files(NAME, {"a.bin": b"newer"})
    hub.misbehave("GET /api", fault, 1000)
    messages: list[str] = []
    assert HubRepository("dataset", NAME, tmp_path, NO_WAIT, messages.append).resolve("main") == commit
    assert "Using cached commit" in messages[-1]


def test_unwritable_cache_is_a_two_line_error(hub: HubServer, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the directory should be")
    with pytest.raises(
        HubError, match=r"^dataset someone/rows.*\nCheck the disk there, or give another --cache_dir\.$"
    ):
        fetch(tmp_path / "cache")


@pytest.mark.parametrize("name", ["_rows.parquet", "my rows [1].parquet", "rows:1.parquet"])
def test_file_with_a_name_that_spark_ignores_is_renamed(hub: HubServer, tmp_path: Path, name: str) -> None:
    card = f'---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: "{name}"\n---\n'
    files = {"README.md": card.replace("[1]", "*").replace("rows:1", "rows*").encode(), name: ROW}
    hub.publish_files("someone/named", files)
    (path,) = fetch_split(HubDataset("someone/named"), "train", tmp_path).paths
    assert pq.read_table(path).to_pylist() == [{"tokens": [1, 2]}]
    assert not path.name.startswith("_")
    assert ":" not in path.name
