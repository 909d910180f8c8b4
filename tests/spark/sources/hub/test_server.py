"""The stand-in Hub also serves the libraries' own functions to read a dataset."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import HfApi, HfFileSystem

from spark.sources.hub.datasets import HubDataset, fetch_split
from tests.spark.sources.hub.server import HubServer

pytestmark = pytest.mark.network

NAME = "EleutherAI/pythia-memorized-evals"


def files() -> dict[str, bytes]:
    stream = io.BytesIO()
    pq.write_table(pa.table({"index": [1, 2, 3]}), stream)
    card = (
        b"---\nconfigs:\n- config_name: default\n  data_files:\n  - split: duped.1b\n    path: data/duped.1b-*\n---\n"
    )
    return {"README.md": card, "data/duped.1b-0.parquet": stream.getvalue(), "data/duped.70m-0.parquet": b"other"}


def test_load_dataset_reads_from_the_stand_in(tmp_path: Path) -> None:
    code = f"import datasets; print(datasets.load_dataset({NAME!r}, split='duped.1b')['index'][:])"
    with HubServer() as hub:
        hub.publish_files(NAME, files())
        environment = {**os.environ, "HF_ENDPOINT": hub.endpoint, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0"}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[1, 2, 3]", done.stderr


def test_all_listings_of_the_client_agree(tmp_path: Path) -> None:
    with HubServer() as hub:
        commit = hub.publish_files(NAME, files())
        api = HfApi(endpoint=hub.endpoint)
        info = api.dataset_info(NAME, files_metadata=True)
        listed = {file.rfilename: (file.size, file.blob_id) for file in info.siblings or []}
        tree = list(api.list_repo_tree(NAME, repo_type="dataset", recursive=True))
        paths = api.get_paths_info(NAME, list(files()), repo_type="dataset", revision=commit)
        found = HfFileSystem(endpoint=hub.endpoint).glob(f"datasets/{NAME}/data/*")
        copy = Path(api.snapshot_download(NAME, repo_type="dataset", local_dir=tmp_path))
    assert info.sha == commit
    assert {path: size for path, (size, _) in listed.items()} == {p: len(c) for p, c in files().items()}
    assert {f.path: (f.size, f.blob_id) for f in tree if hasattr(f, "blob_id")} == listed
    assert {f.path: (f.size, f.blob_id) for f in paths if hasattr(f, "blob_id")} == listed
    assert [path.rsplit("/", 1)[1] for path in found] == ["duped.1b-0.parquet", "duped.70m-0.parquet"]
    assert {path: (copy / path).read_bytes() for path in files()} == files()


def test_files_are_read_from_the_tree_of_a_mirror_that_does_not_list_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with HubServer(lists_files=False) as hub:
        monkeypatch.setenv("HF_ENDPOINT", f"{hub.endpoint}/")
        hub.publish_files(NAME, files())
        fetched = fetch_split(HubDataset(NAME), "duped.1b", tmp_path)
    assert pq.read_table(fetched.paths[0])["index"].to_pylist() == [1, 2, 3]
    assert hub.bytes_sent["data/duped.70m-0.parquet"] == 0


def test_token_is_not_sent_to_the_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with HubServer() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        hub.publish_files(NAME, files())
        fetch_split(HubDataset(NAME), "duped.1b", tmp_path)
        authorized = {request.split("/")[1] for request in hub.state.authorized}
    assert authorized == {"api", "datasets"}
