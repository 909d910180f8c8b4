"""Fetching one split of a Hub dataset, with the real client from a stand-in Hub."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark.sources.hub.datasets import FetchedSplit, HubDataset, fetch_split, resolve_dataset
from spark.sources.hub.errors import HubError
from spark.sources.hub.retry import RetryPolicy
from tests.conftest import PROJECT, PYTHIA
from tests.spark.sources.hub.server import Drop, HubServer, Scramble, Stall, Status, Truncate
from utils import UserError

NAME = "EleutherAI/pythia-memorized-evals"
DATASET = HubDataset(NAME)
CARD = b"""---
configs:
- config_name: default
  data_files:
  - split: deduped.70m
    path: data/deduped.70m-*
  - split: deduped.12b
    path: data/deduped.12b-*
  - split: deduped.12b.23000
    path: data/deduped.12b.23000-*
---
"""
SHARDS = {
    "data/deduped.70m-00000-of-00002.parquet": range(0, 5000),
    "data/deduped.70m-00001-of-00002.parquet": range(5000, 9000),
    "data/deduped.12b-00000-of-00001.parquet": range(100),
    "data/deduped.12b.23000-00000-of-00001.parquet": range(7),
}
CLOSED = "http://127.0.0.1:9"  # the port of the discard service, closed on this machine
MEMORIZED_EVALS = PYTHIA / "memorized-evals"


def parquet(numbers: range) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table({"index": list(numbers), "tokens": [[n, n + 1] for n in numbers]}), stream)
    return stream.getvalue()


FILES = {"README.md": CARD, **{path: parquet(numbers) for path, numbers in SHARDS.items()}}
FIRST, SECOND = list(SHARDS)[:2]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with HubServer() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        server.publish_files(NAME, FILES)
        yield server


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the list of waits in seconds, of this project and of huggingface_hub; nothing sleeps."""
    waited: list[float] = []

    class Clock:
        sleep = staticmethod(waited.append)

    monkeypatch.setattr("huggingface_hub.file_download.time", Clock)
    monkeypatch.setattr("huggingface_hub.utils._http.time", Clock)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 0.5)
    return waited


@pytest.fixture
def retry(waits: list[float]) -> RetryPolicy:
    return RetryPolicy(sleep=waits.append, timeout_seconds=0.5)


def rows(fetched: FetchedSplit) -> list[int]:
    return [n for path in fetched.paths for n in pq.read_table(path)["index"].to_pylist()]


def test_only_the_requested_split_is_downloaded(hub: HubServer, tmp_path: Path) -> None:
    messages: list[str] = []
    fetched = fetch_split(DATASET, "deduped.70m", tmp_path, on_progress=messages.append)
    assert rows(fetched) == list(range(9000))
    assert all(path.is_relative_to(tmp_path) and str(fetched.revision) in path.parts for path in fetched.paths)
    assert [path.read_bytes() for path in fetched.paths] == [FILES[FIRST], FILES[SECOND]]
    assert dict(hub.bytes_sent) == {name: len(FILES[name]) for name in ("README.md", FIRST, SECOND)}
    files = ["README.md, 0.0 MB", f"{FIRST}, 0.1 MB", f"{SECOND}, 0.1 MB"]
    places = ["file 1 of 1", "file 1 of 2", "file 2 of 2"]
    assert messages == [f"dataset {NAME}: {place}, {file}" for place, file in zip(places, files, strict=True)]


@pytest.mark.parametrize("split", ["deduped.12b", "deduped.12b.23000"])
def test_split_name_must_match_completely(hub: HubServer, tmp_path: Path, split: str) -> None:
    wanted = SHARDS[f"data/{split}-00000-of-00001.parquet"]
    assert rows(fetch_split(DATASET, split, tmp_path)) == list(wanted)


def test_complete_cache_entry_is_not_fetched_again(hub: HubServer, tmp_path: Path) -> None:
    first = fetch_split(DATASET, "deduped.70m", tmp_path)
    hub.requests.clear()
    assert fetch_split(DATASET, "deduped.70m", tmp_path) == first
    assert hub.requests == [f"GET /api/datasets/{NAME}/revision/main"]


def test_error_for_a_missing_split_lists_the_existing_splits(hub: HubServer, tmp_path: Path) -> None:
    with pytest.raises(HubError) as caught:
        fetch_split(DATASET, "deduped.12b.2300", tmp_path)
    assert str(caught.value) == (
        f"{NAME} has no split 'deduped.12b.2300' (did you mean deduped.12b.23000?).\n"
        "Its splits: deduped.70m, deduped.12b, deduped.12b.23000."
    )
    assert isinstance(caught.value, UserError)


def test_all_splits_of_a_resolved_dataset_have_one_commit(hub: HubServer, tmp_path: Path) -> None:
    dataset = resolve_dataset(DATASET, tmp_path)
    later = hub.publish_files(NAME, {**FILES, FIRST: parquet(range(3))})
    old = [fetch_split(dataset, split, tmp_path) for split in ("deduped.70m", "deduped.12b")]
    assert {fetched.revision for fetched in old} == {dataset.revision} != {later}
    assert len(rows(old[0])) == 9000
    new = fetch_split(DATASET, "deduped.70m", tmp_path)
    assert (new.revision, len(rows(new))) == (later, 4003)


@pytest.mark.parametrize("revision", ["main", "v1.0", "refs/convert/parquet", "commit"])
def test_revision_is_a_branch_a_tag_or_a_commit(hub: HubServer, tmp_path: Path, revision: str) -> None:
    commit = hub.publish_files(NAME, {**FILES, FIRST: parquet(range(3))}, revision=revision)
    hub.publish_files(NAME, FILES, revision="other")
    wanted = commit if revision == "commit" else revision
    fetched = fetch_split(HubDataset(NAME, wanted), "deduped.70m", tmp_path)
    assert (fetched.revision, len(rows(fetched))) == (commit, 4003)
    hub.requests.clear()
    fetch_split(HubDataset(NAME, wanted), "deduped.70m", tmp_path)
    assert len(hub.requests) == (0 if revision == "commit" else 1)


def test_dataset_card_belongs_to_the_resolved_commit(hub: HubServer, tmp_path: Path) -> None:
    hub.publish_files(NAME, FILES, revision="v1.0")
    hub.publish_files(NAME, {"README.md": CARD.replace(b"deduped.70m", b"renamed"), FIRST: FILES[FIRST]})
    assert "deduped.70m" in resolve_dataset(HubDataset(NAME, "v1.0"), tmp_path).splits


@pytest.mark.parametrize("endpoint", ["huggingface.co", "ftp://127.0.0.1", "https://"])
def test_endpoint_that_is_no_url_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    with pytest.raises(HubError, match=r"HF_ENDPOINT: expected a URL such as https://huggingface.co, found"):
        resolve_dataset(DATASET, tmp_path)


HEAD, GET = f"HEAD /datasets/{NAME}/resolve", "GET /storage"
LISTING = f"GET /api/datasets/{NAME}"


@pytest.mark.parametrize(
    ("where", "fault", "times", "waited"),
    [
        pytest.param(LISTING, Status(429, retry_after=7), 2, [7, 7], id="listing-429"),
        pytest.param(LISTING, Status(503), 4, [(0.5, 1), (1, 2), (2, 4), (4, 8)], id="listing-503"),
        pytest.param(LISTING, Stall(1.5), 1, [(0.5, 1)], id="listing-stalls"),
        pytest.param(HEAD, Status(429, retry_after=9), 3, [10, 10], id="head-429-by-the-library"),
        pytest.param(HEAD, Status(500), 3, [1, 2], id="head-500-by-the-library"),
        pytest.param(HEAD, Stall(1.5), 1, [], id="head-stalls"),
        pytest.param(GET, Status(429, retry_after=3), 2, [4, 4], id="get-429-by-the-library"),
        pytest.param(GET, Status(503), 2, [(0.5, 1), (1, 2)], id="get-503"),
        pytest.param(GET, Drop(1000), 2, [1, 1], id="get-dropped-and-resumed-by-the-library"),
        pytest.param(GET, Truncate(1000), 2, [(0.5, 1), (1, 2)], id="get-truncated"),
        pytest.param(GET, Scramble(), 1, [(0.5, 1)], id="get-altered"),
        pytest.param(GET, Truncate(0), 1, [(0.5, 1)], id="get-empty"),
        pytest.param(GET, Stall(1.5), 1, [1], id="get-stalls"),
    ],
)
def test_transient_faults_are_retried(
    hub: HubServer,
    tmp_path: Path,
    retry: RetryPolicy,
    waits: list[float],
    where: str,
    fault: Drop | Scramble | Stall | Status | Truncate,
    times: int,
    waited: list[float | tuple[float, float]],
) -> None:
    hub.misbehave(where, fault, times)
    assert rows(fetch_split(DATASET, "deduped.70m", tmp_path, retry=retry)) == list(range(9000))
    bounds = [wait if isinstance(wait, tuple) else (wait, wait) for wait in waited]
    assert len(waits) == len(bounds)
    assert all(low <= wait <= high for wait, (low, high) in zip(waits, bounds, strict=True)), waits


def test_dropped_download_resumes_where_it_stopped(
    hub: HubServer, tmp_path: Path, retry: RetryPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 500)
    hub.misbehave(GET, Drop(1000))
    fetch_split(DATASET, "deduped.70m", tmp_path, retry=retry)
    assert hub.bytes_sent[FIRST] == len(FILES[FIRST])


@pytest.mark.parametrize(
    ("where", "fault", "expected"),
    [
        pytest.param(LISTING, Status(503), "the Hub answered 503 (tried 5 times).\nWithout a network", id="503"),
        pytest.param(LISTING, Status(404), "not found, or not for you to see (404).\nCheck the name", id="404"),
        pytest.param(LISTING, Status(403), "refused (403).\nAsk for access on its page, then log in", id="403"),
        pytest.param(LISTING, Status(418), "the Hub answered 418.\nCheck the name and HF_ENDPOINT", id="418"),
        pytest.param(LISTING, Status(429, 9999), "asks to wait 9999 s.\nRun again after that", id="429-long"),
        pytest.param(HEAD, Status(503), "the Hub answered 503.\nWithout a", id="head-503"),
        pytest.param(GET, Truncate(99), f"should be of size {len(FILES[FIRST])}", id="truncated"),
        pytest.param(GET, Scramble(), "expected the SHA-256", id="altered"),
        pytest.param(GET, Stall(1.5), "no answer (ReadTimeout", id="stalls"),
    ],
)
def test_permanent_fault_is_a_two_line_error(
    hub: HubServer,
    tmp_path: Path,
    retry: RetryPolicy,
    where: str,
    fault: Scramble | Stall | Status | Truncate,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 0.05)
    hub.misbehave(where, fault, 1000)
    with pytest.raises(HubError) as caught:
        fetch_split(DATASET, "deduped.70m", tmp_path, retry=retry)
    assert expected in str(caught.value)
    assert f"dataset {NAME}" in str(caught.value)
    assert str(caught.value).count("\n") == 1


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        (HubDataset("EleutherAI/pythia-memorised-evals"), "not found, or not for you to see (401)"),
        (HubDataset(NAME, "v9"), "revision v9, at http"),
        (HubDataset("someone/gated"), "access is refused (401).\nAsk for access on its page"),
    ],
)
def test_refused_request_is_not_retried(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dataset: HubDataset, expected: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", "")
    hub.publish_files("someone/gated", FILES, gated=True)
    with pytest.raises(HubError) as caught:
        fetch_split(dataset, "deduped.70m", tmp_path)
    assert expected in str(caught.value)
    assert hub.count("GET /api/datasets") == 1


def test_file_that_is_damaged_on_the_hub_is_rejected(hub: HubServer, tmp_path: Path, retry: RetryPolicy) -> None:
    hub.publish_files(NAME, {**FILES, SECOND: FILES[SECOND][:-8]})
    with pytest.raises(HubError, match=f"{SECOND}.*not a whole Parquet file.*tried 5 times"):
        fetch_split(DATASET, "deduped.70m", tmp_path, retry=retry)


@pytest.mark.parametrize("offline", ["no network", "HF_HUB_OFFLINE"])
def test_complete_cache_entry_serves_offline(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offline: str
) -> None:
    online = fetch_split(DATASET, "deduped.70m", tmp_path)
    hub.publish_files(NAME, {**FILES, FIRST: parquet(range(3))})
    if offline == "HF_HUB_OFFLINE":
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    else:
        monkeypatch.setenv("HF_ENDPOINT", CLOSED)
    hub.requests.clear()
    waits: list[float] = []
    messages: list[str] = []
    retry = RetryPolicy(sleep=waits.append)
    assert fetch_split(DATASET, "deduped.70m", tmp_path, retry=retry, on_progress=messages.append) == online
    assert (hub.requests, waits) == ([], [])
    assert ["Using cached commit" in line for line in messages] == ([] if offline == "HF_HUB_OFFLINE" else [True])


@pytest.mark.parametrize("offline", ["no network", "HF_HUB_OFFLINE"])
def test_error_for_an_uncached_split_offline_says_what_to_do(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, retry: RetryPolicy, offline: str
) -> None:
    monkeypatch.setenv(*(("HF_HUB_OFFLINE", "1") if offline == "HF_HUB_OFFLINE" else ("HF_ENDPOINT", CLOSED)))
    with pytest.raises(HubError, match=r"Without a network: give a local path instead, or run once .*--cache_dir"):
        fetch_split(DATASET, "deduped.70m", tmp_path, retry=retry)
    assert hub.requests == []


def test_two_processes_fetch_the_same_entry_at_once(hub: HubServer, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from spark.sources.hub.datasets import HubDataset, fetch_split\n"
        f"print(*fetch_split(HubDataset({NAME!r}), 'deduped.70m', Path(sys.argv[1])).paths)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    resolve_dataset(DATASET, tmp_path)
    hub.misbehave(GET, Stall(1), 2)  # so that both fetch at the same time
    processes = [subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    printed = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert [process.returncode for process in processes] == [0, 0]
    paths = [Path(path) for path in printed.pop().split()]
    assert not printed
    assert [path.read_bytes() for path in paths] == [FILES[FIRST], FILES[SECOND]]
    assert not list(tmp_path.rglob("*incomplete*"))


@pytest.mark.skipif(not MEMORIZED_EVALS.is_dir(), reason="the real data is not on this machine")
def test_real_data_is_unchanged_by_the_hub(hub: HubServer, tmp_path: Path) -> None:
    hub.publish(NAME, MEMORIZED_EVALS)
    remote = fetch_split(DATASET, "deduped.70m", tmp_path)
    local = fetch_split(MEMORIZED_EVALS, "deduped.70m", tmp_path)
    assert [path.read_bytes() for path in remote.paths] == [path.read_bytes() for path in local.paths]
    assert (local.revision, local.repository) == (None, str(MEMORIZED_EVALS))
    assert sum(pq.read_metadata(path).num_rows for path in local.paths) == 568
