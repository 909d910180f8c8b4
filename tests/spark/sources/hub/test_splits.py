"""The files of a split: the same as in `datasets`, on the Hub and locally, and never outside the dataset."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark.sources.hub.datasets import HubDataset, fetch_split, resolve_dataset
from spark.sources.hub.errors import HubError
from spark.sources.hub.splits import splits_of
from tests.spark.sources.hub.server import HubServer

stream = io.BytesIO()
pq.write_table(pa.table({"tokens": [[1, 2]]}), stream)
ROW = stream.getvalue()

YAML = "---\nlicense: mit\nconfigs:\n{}\n---\nA dataset.\n"
DEFAULT = YAML.format("- config_name: default\n  data_files:\n{}")
LAYOUTS = {
    "one file": (None, ["rows.parquet"], {"train": ["rows.parquet"]}),
    "named by split": (None, ["train.parquet", "test.parquet"], {"train": ["train.parquet"], "test": ["test.parquet"]}),
    "directories": (
        None,
        ["train/b.parquet", "train/a.parquet", "validation/a.parquet"],
        {"train": ["train/a.parquet", "train/b.parquet"], "validation": ["validation/a.parquet"]},
    ),
    "shards with dots": (
        None,
        [f"data/duped.12b{rest}-00000-of-00001.parquet" for rest in ("", ".23000")],
        {
            "duped.12b": ["data/duped.12b-00000-of-00001.parquet"],
            "duped.12b.23000": ["data/duped.12b.23000-00000-of-00001.parquet"],
        },
    ),
    "patterns in the card": (
        DEFAULT.format("  - split: deduped.1.4b\n    path: x/a-*\n  - split: snow_clones\n    path: [b.parquet, x/c*]"),
        ["x/a-2.parquet", "x/a-1.parquet", "b.parquet", "x/c.parquet", "left.parquet"],
        {"deduped.1.4b": ["x/a-1.parquet", "x/a-2.parquet"], "snow_clones": ["b.parquet", "x/c.parquet"]},
    ),
    "one pattern": (DEFAULT.format("  - x/*"), ["x/a.parquet", "b.parquet"], {"train": ["x/a.parquet"]}),
    "a directory in the card": (
        YAML.format("- config_name: default\n  data_dir: x"),
        ["x/test.parquet", "y/train.parquet"],
        {"test": ["x/test.parquet"]},
    ),
    "the default of two configurations": (
        YAML.format(
            "- config_name: a\n  data_files: a.parquet\n- config_name: b\n  data_files: b.parquet\n  default: true"
        ),
        ["a.parquet", "b.parquet"],
        {"train": ["b.parquet"]},
    ),
    "a card without metadata": ("# Rows\n---\nNothing.\n---\n", ["rows.parquet"], {"train": ["rows.parquet"]}),
    "names with spaces and brackets": (None, ["my rows [1].parquet"], {"train": ["my rows [1].parquet"]}),
    "hidden files": (None, [".hidden/a.parquet", "a.parquet", "__x__/b.parquet"], {"train": ["a.parquet"]}),
}


def write(directory: Path, card: str | None, names: list[str]) -> None:
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(ROW)
    if card is not None:
        (directory / "README.md").write_text(card)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with HubServer() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        yield server


@pytest.mark.parametrize(("card", "names", "expected"), LAYOUTS.values(), ids=LAYOUTS.keys())
def test_splits_equal_those_of_datasets(
    tmp_path: Path, card: str | None, names: list[str], expected: dict[str, list[str]]
) -> None:
    directory = tmp_path / "dataset"
    write(directory, card, names)
    found = resolve_dataset(directory, tmp_path / "cache")
    assert {split: [file.path for file in files] for split, files in found.splits.items()} == expected
    builder = datasets.load_dataset_builder(str(directory), cache_dir=str(tmp_path / "cache"))
    theirs = {
        str(split): [Path(file).relative_to(directory).as_posix() for file in files]
        for split, files in builder.config.data_files.items()
    }
    assert theirs == expected


@pytest.mark.parametrize(("card", "names", "expected"), LAYOUTS.values(), ids=LAYOUTS.keys())
def test_hub_and_local_directory_have_the_same_splits(
    hub: HubServer, tmp_path: Path, card: str | None, names: list[str], expected: dict[str, list[str]]
) -> None:
    write(tmp_path / "dataset", card, names)
    hub.publish("someone/rows", tmp_path / "dataset")
    found = resolve_dataset(HubDataset("someone/rows"), tmp_path / "cache")
    assert {split: [file.path for file in files] for split, files in found.splits.items()} == expected
    for split, files in expected.items():
        remote = fetch_split(found, split, tmp_path / "cache")
        local = fetch_split(tmp_path / "dataset", split, tmp_path / "cache")
        assert local.paths == tuple(tmp_path / "dataset" / file for file in files)
        assert [path.read_bytes() for path in remote.paths] == [ROW] * len(files)


def test_directory_with_brackets_and_links_has_its_splits(tmp_path: Path) -> None:
    directory = tmp_path / "snap[shot]s"
    write(tmp_path, None, ["blob"])
    write(directory, DEFAULT.format("  - split: a.b\n    path: data/*"), ["data/x.parquet"])
    (directory / "data/y.parquet").symlink_to(tmp_path / "blob")
    fetched = fetch_split(directory, "a.b", tmp_path / "cache")
    assert fetched.paths == (directory / "data/x.parquet", directory / "data/y.parquet")


@pytest.mark.parametrize(
    ("card", "names", "expected"),
    [
        pytest.param(None, [], "no splits found", id="no files"),
        pytest.param(None, ["load.py"], "no splits found", id="a script"),
        pytest.param("---\nconfigs: [1\n---\n", ["a.parquet"], "broken metadata", id="broken YAML"),
        pytest.param(DEFAULT.format("  - split: a-b\n    path: a.parquet"), ["a.parquet"], "no splits", id="hyphen"),
        pytest.param(DEFAULT.format('  - split: "a\\n"\n    path: a.parquet'), ["a.parquet"], "names of", id="newline"),
        pytest.param(DEFAULT.format("  - split: ../a\n    path: a.parquet"), ["a.parquet"], "'../a'", id="climbs"),
        pytest.param(
            DEFAULT.format("  - split: a\n    path: b.parquet"), ["a.parquet"], "no splits", id="no such file"
        ),
        pytest.param(
            YAML.format("- config_name: a\n  data_files: a.parquet\n- config_name: b\n  data_files: b.parquet"),
            ["a.parquet", "b.parquet"],
            "Config name is missing",
            id="no default configuration",
        ),
    ],
)
def test_dataset_without_splits_is_a_two_line_error(
    tmp_path: Path, card: str | None, names: list[str], expected: str
) -> None:
    (tmp_path / "dataset").mkdir()
    write(tmp_path / "dataset", card, names)
    with pytest.raises(HubError) as caught:
        resolve_dataset(tmp_path / "dataset", tmp_path / "cache")
    assert expected in str(caught.value)
    assert "/layout" not in str(caught.value)
    assert str(caught.value).count("\n") == 1


@pytest.mark.parametrize(
    "pattern",
    [
        "../../secret/*.parquet",
        "x/../../../secret/*",
        "/etc/*",
        "~/x",
        "https://elsewhere.example/a.parquet",
        "hf://datasets/other/rows/a.parquet",
        "file:///etc/passwd",
        "zip://a.parquet::b.zip",
        "..\\\\..\\\\secret",
    ],
)
@pytest.mark.parametrize("key", ["data_files", "data_dir"])
def test_card_cannot_name_files_outside_the_dataset(tmp_path: Path, pattern: str, key: str) -> None:
    write(tmp_path, None, ["secret/a.parquet"])
    write(tmp_path / "dataset", YAML.format(f'- config_name: default\n  {key}: "{pattern}"'), ["a.parquet"])
    with pytest.raises(HubError, match=r"names data files outside of the dataset"):
        resolve_dataset(tmp_path / "dataset", tmp_path / "cache")


@pytest.mark.parametrize(
    "name",
    [
        "../../escaped.parquet",
        "/tmp/escaped.parquet",
        "data/../../../escaped.parquet",
        "data/./a.parquet",
        "data//a.parquet",
        "..\\..\\escaped.parquet",
        "C:escaped.parquet",
        "a\0b.parquet",
        "..",
        "",
    ],
)
def test_hostile_file_name_is_rejected_before_any_download(hub: HubServer, tmp_path: Path, name: str) -> None:
    hub.publish_files("someone/hostile", {"train.parquet": ROW, name: ROW})
    with pytest.raises(HubError, match=r"expected paths inside the repository, found"):
        fetch_split(HubDataset("someone/hostile"), "train", tmp_path / "work" / "cache")
    assert not hub.bytes_sent
    assert not list(tmp_path.rglob("*.parquet"))


def test_name_of_both_a_file_and_a_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HubError, match="no splits found"):
        splits_of("dataset", ["a.parquet", "a.parquet/b.parquet"], [])


@pytest.mark.parametrize("name", ["", "a/b/c", "../b", "a/..", "a--b/c", "/a/b", "a b", "a/b\n", ".a/b", "é/b"])
def test_invalid_dataset_id_is_rejected(name: str) -> None:
    with pytest.raises(HubError, match="Expected a Hub id"):
        HubDataset(name)
