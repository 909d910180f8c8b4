"""calculate_metrics.py end to end: on the sample, and on real data from a directory, a Hub and an object store."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from calculate_metrics import NEXT
from filters.feature_tables import FEATURE_TABLES
from filters.registry import choose_filters
from sample import paths as sample_paths
from spark.storage import paths as storage
from spark.storage import remote_path
from spark.storage.paths import files_below, storage_path
from tests.conftest import PROJECT
from tests.programs import calculate_metrics
from tests.spark.object_store import BUCKET, object_store
from tests.spark.session.test_history import HISTORY
from tests.spark.sources.hub.server import HubServer

pytestmark = pytest.mark.spark

SAMPLE_TABLES = 2 * 2 * 2  # memories and pile, two schemes, two models
DATASETS = ("memories", "pile")
SAMPLE_SPLITS = SAMPLE_TABLES  # each evaluates one model


@pytest.fixture(scope="module")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Run without arguments; return the directory of the run and the finished process."""
    directory = tmp_path_factory.mktemp("sample")
    finished = calculate_metrics("--run_id", "first", directory=directory)
    return directory / "output" / "first", finished


def test_default_run_prints_a_summary_and_the_next_command(sample_run: Any) -> None:
    _, finished = sample_run
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert finished.stderr == ""
    assert "Spark UI: http://" in finished.stdout
    for what, options in NEXT:
        assert re.search(rf"^Next, {what}: .*python.* .*calculate_metrics.py {options}$", finished.stdout, re.MULTILINE)
    assert all(word in finished.stdout for word in ("rows/s", "increments", "repeats", "code", "Output: "))
    time = r"^\d\d:\d\d:\d\d \S+ \S+: "
    starts = re.findall(time + rf"started \(job \d of {SAMPLE_SPLITS}, [\d,]+ rows\)$", finished.stdout, re.MULTILINE)
    ends = re.findall(time + r"done, [\d,]+ rows in \d+:\d\d$", finished.stdout, re.MULTILINE)
    assert len(starts) == len(ends) == SAMPLE_SPLITS
    assert all(character.isprintable() or character == "\n" for character in finished.stdout)


def test_counts_in_run_json_add_up(sample_run: Any) -> None:
    directory, _ = sample_run
    record = json.loads((directory / "run.json").read_text())
    assert record["status"] == "complete"
    assert len(record["tables"]) == SAMPLE_TABLES
    for table in record["tables"]:
        assert table["rows_read"] == table["rows_measured"] + table["rows_rejected"] > 0
        assert table["counts"]["rows"] == table["rows_measured"]
        files = sorted(Path(directory.parent.parent, table["path"]).glob("*.parquet"))
        assert sum(pq.ParquetFile(file).metadata.num_rows for file in files) == table["rows_measured"]
    assert (directory / "run.log").is_file()
    assert list((directory / "spark-events").iterdir())


def read_json(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=120) as response:
        return json.load(response)


def test_make_history_shows_the_ui_of_a_finished_run(sample_run: Any) -> None:
    directory, _ = sample_run
    with subprocess.Popen(
        [*HISTORY, f"RUN={directory}"], cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        root = next(each[1] for line in process.stderr if (each := re.search(r"started at (http://\S+)", line)))
        applications = f"{root}/api/v1/applications"
        deadline = time.monotonic() + 120
        while not (found := read_json(applications)) and time.monotonic() < deadline:
            time.sleep(0.2)
        descriptions = {job["description"] for job in read_json(f"{applications}/{found[0]['id']}/jobs")}
        servers = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        process.communicate(timeout=60)
    _, alive = psutil.wait_procs(servers, 60)
    assert servers and not alive
    assert "sample_memories deduped.70m: measure and write" in descriptions


def test_table_has_every_column_with_its_declared_type(sample_run: Any) -> None:
    directory, _ = sample_run
    table = ds.dataset(directory / "metrics", partitioning="hive").to_table()
    for each in choose_filters(("all", "model")):
        for column in each.columns:
            assert table.schema.field(column.name).type == column.type, column.name
    assert {"dataset", "scheme", "model", "sequence_id", "tokens"} <= set(table.column_names)
    known = {name for name in table.column_names if table[name].null_count < len(table)}
    unknown = {column.name for table in FEATURE_TABLES if not table.in_sample for column in table.columns}
    assert set(table.column_names) - known == unknown


def test_pandas_and_datasets_read_the_table(sample_run: Any, tmp_path: Path) -> None:
    import datasets

    directory, _ = sample_run
    table = ds.dataset(directory / "metrics", partitioning="hive").to_table()
    frame = pd.read_parquet(directory / "metrics")
    assert len(frame) == len(table)
    assert set(frame["model"].astype(str)) == {"70m", "160m"}
    files = str(directory / "metrics" / "**" / "*.parquet")
    loaded = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path))
    assert loaded.num_rows == len(table)
    assert sorted(loaded["sequence_id"]) == sorted(table["sequence_id"].to_pylist())


def test_model_metrics_equal_the_tables_of_the_sample(sample_run: Any) -> None:
    directory, _ = sample_run
    (path,) = (sample_paths.feature_directory("perplexities", "duped") / "data").glob("duped.70m-*.parquet")
    expected = {row["sequence_id"]: row for row in pq.read_table(path).to_pylist()}
    places = {kind: directory / "metrics" / f"dataset=sample_{kind}/scheme=duped/model=70m" for kind in DATASETS}
    measured = {kind: pq.read_table(place).sort_by("sequence_id") for kind, place in places.items()}
    for row in pa.concat_tables(measured.values()).to_pylist():
        plain = expected[row["sequence_id"]]
        assert {name: row[name] for name in plain} == pytest.approx(plain, rel=1e-4)
    assert set(measured["memories"]["memorization_score"].to_pylist()) == {1.0}
    assert set(measured["memories"]["is_extractable"].to_pylist()) == {True}
    (scores,) = (sample_paths.pile_directory("duped") / "data").glob("*.parquet")
    differs = measured["pile"]["memorization_score"].to_numpy() != pq.read_table(scores)["70M"].to_numpy()
    assert differs.sum() <= 2  # if two tokens tie in float32, the shape of the batch may decide


def test_larger_models_and_duplicated_corpora_memorize_more(sample_run: Any) -> None:
    record = json.loads((sample_run[0] / "run.json").read_text())
    shares = {
        table["table"]: table["counts"]["memorized"] / table["counts"]["rows"]
        for table in record["tables"]
        if table["table"].startswith("sample_pile")
    }
    assert list(shares) == [
        f"sample_pile {name}" for name in ("duped.70m", "duped.160m", "deduped.70m", "deduped.160m")
    ]
    duped_small, duped_large, deduped_small, deduped_large = shares.values()
    assert 2 * deduped_small < duped_small < duped_large
    assert 2 * deduped_small < 2 * deduped_large < duped_large


def test_joined_columns_equal_the_feature_tables(sample_run: Any) -> None:
    directory, _ = sample_run
    measured = pq.read_table(directory / "metrics" / "dataset=sample_memories" / "scheme=duped" / "model=70m")
    (path,) = (sample_paths.feature_directory("duplicates", "") / "data").glob("duped-*.parquet")
    expected = dict(zip(*pq.read_table(path).to_pydict().values(), strict=True))
    for row in measured.select(["sequence_id", "sequence_duplicates"]).to_pylist():
        assert row["sequence_duplicates"] == expected[row["sequence_id"]]
    for row in measured.select(["tokens", "frequencies", "max_frequency"]).slice(0, 50).to_pylist():
        assert len(row["frequencies"]) == len(row["tokens"]) == 64
        assert max(row["frequencies"]) == row["max_frequency"]


def test_second_run_with_the_same_id_redoes_only_missing_tables(sample_run: Any) -> None:
    directory, _ = sample_run
    before = {path: path.stat().st_mtime_ns for path in directory.rglob("metrics/**/*.parquet")}
    removed = directory / "metrics" / "dataset=sample_memories" / "scheme=deduped" / "model=70m"
    table = pq.read_table(removed)
    shutil.rmtree(removed)
    finished = calculate_metrics("--run_id", "first", directory=directory.parent.parent)
    assert finished.returncode == 0, finished.stderr
    after = {path: path.stat().st_mtime_ns for path in directory.rglob("metrics/**/*.parquet")}
    kept = {path for path in before if removed not in path.parents}
    assert all(after[path] == before[path] for path in kept)
    assert pq.read_table(removed).sort_by("sequence_id").equals(table.sort_by("sequence_id"))
    third = calculate_metrics("--run_id", "first", directory=directory.parent.parent)
    assert third.returncode == 0
    assert "already complete" in third.stdout


def test_failed_split_is_named_and_the_others_are_written(tmp_path: Path, tokenizer_file: Path) -> None:
    good, bad = tmp_path / "good.parquet", tmp_path / "bad.parquet"
    table = pa.table({"sequence_id": range(1000), "tokens": [[i % 200] * 64 for i in range(1000)]})
    for path in (good, bad):
        pq.write_table(table, path, compression="none", use_dictionary=False)
    content = bytearray(bad.read_bytes())
    content[len(content) // 3 : len(content) // 3 + 4000] = b"\xff" * 4000  # the footer stays intact
    content[4:200] = b"\xff" * 196
    bad.write_bytes(bytes(content))
    arguments = ("--datasets", f"{bad},{good}", "--tokenizer", str(tokenizer_file), "--run_id", "r")
    finished = calculate_metrics(*arguments, directory=tmp_path)
    assert finished.returncode == 1
    assert "Failed: bad" in finished.stdout
    assert "Traceback" not in finished.stdout + finished.stderr
    record = json.loads((tmp_path / "output" / "r" / "run.json").read_text())
    assert {table["table"]: table["status"] for table in record["tables"]} == {"bad": "failed", "good": "complete"}
    assert record["status"] == "failed"
    assert not (tmp_path / "output" / "r" / "metrics" / "dataset=bad").exists() or not list(
        (tmp_path / "output" / "r" / "metrics" / "dataset=bad").rglob("*/model=*")
    )


@pytest.mark.network
def test_hub_dataset_gives_the_same_table_as_its_directory(tmp_path: Path) -> None:
    """Use the data in `../shared` if present, else the sample in the same directory layout."""
    shared = PROJECT.parent / "shared" / "data" / "pythia"
    directory, tokenizer = sample_paths.memories_directory(), sample_paths.tokenizer_path()
    if shared.exists():
        directory, tokenizer = shared / "memorized-evals", shared / "tokenizer.json"
    common = ("--models", "70m", "--schemes", "deduped", "--run_id", "r")
    local = calculate_metrics(
        "--datasets",
        str(directory),
        "--tokenizer",
        str(tokenizer),
        "--output_dir",
        "local",
        *common,
        directory=tmp_path,
    )
    assert local.returncode == 0, local.stderr
    with HubServer() as hub:
        commit = hub.publish("EleutherAI/pythia-memorized-evals", directory)
        hub.publish_files("EleutherAI/pythia-70m", {"tokenizer.json": tokenizer.read_bytes()}, kind="models")
        fetched = calculate_metrics(
            *("--datasets", "memories", "--output_dir", "hub", "--cache_dir", "cache", *common),
            directory=tmp_path,
            environment={"HF_ENDPOINT": hub.endpoint},
        )
    assert fetched.returncode == 0, fetched.stdout + fetched.stderr
    name = directory.name
    expected = pq.read_table(tmp_path / "local/r/metrics" / f"dataset={name}" / "scheme=deduped" / "model=70m")
    found = pq.read_table(tmp_path / "hub/r/metrics/dataset=memories/scheme=deduped/model=70m")
    assert found.sort_by("sequence_id").equals(expected.sort_by("sequence_id"))
    if shared.exists():
        assert len(found) == 568
    record = json.loads((tmp_path / "hub/r/run.json").read_text())
    assert record["data_commits"]["EleutherAI/pythia-memorized-evals"] == commit


@pytest.mark.network
def test_object_store_gives_the_same_tables_as_local_files(
    sample_run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The JVM has no S3 client (PySpark ships none); it finds the same files here under the URI of the store."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "spark-defaults.conf").write_text(
        "spark.hadoop.fs.s3a.impl org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme\n"
        f"spark.hadoop.fs.viewfs.mounttable.{BUCKET}.link./data {sample_paths.SAMPLE_DIR.as_uri()}\n"
    )
    data = f"s3a://{BUCKET}/data"
    with object_store() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        remote_path._connect.cache_clear()
        for name, file in files_below(sample_paths.SAMPLE_DIR).items():
            (storage_path(data) / name.as_posix()).write_bytes(file.read_bytes())
        memories = sample_paths.memories_directory().relative_to(sample_paths.SAMPLE_DIR)
        duplicates = sample_paths.feature_directory("duplicates", "duped")
        finished = calculate_metrics(
            *("--datasets", f"{data}/{memories}", "--models", "70m", "--schemes", "duped", "--run_id", "r"),
            *("--tokenizer", f"{data}/{sample_paths.tokenizer_path().relative_to(sample_paths.SAMPLE_DIR)}"),
            *("--duplicates", f"{data}/{duplicates.relative_to(sample_paths.SAMPLE_DIR)}"),
            *("--output_dir", f"s3a://{BUCKET}/output", "--cache_dir", "cache"),
            directory=tmp_path,
            environment=environment | {"SPARK_CONF_DIR": str(tmp_path / "conf")},
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        run = storage_path(f"s3a://{BUCKET}/output/r")
        left = {name.parts[0] for name in files_below(run)}
        assert left == {"metrics", "_complete", "run.json", "run.log", "spark-events"}
        assert json.loads((run / "run.json").read_text())["status"] == "complete"
        filesystem, path = storage.arrow_location(run / "metrics" / f"dataset={memories.name}" / "scheme=duped")
        found = pq.read_table(path, filesystem=filesystem)
    expected = pq.read_table(sample_run[0] / "metrics" / "dataset=sample_memories" / "scheme=duped" / "model=70m")
    columns = ["sequence_id", "tokens", "text", "is_repeating", "zlib_size", "sequence_duplicates"]
    assert found.select(columns).sort_by("sequence_id").equals(expected.select(columns).sort_by("sequence_id"))


def test_spark_ui_answers_during_a_run(tmp_path: Path) -> None:
    command = [sys.executable, "-u", str(PROJECT / "calculate_metrics.py"), "--models", "70m", "--schemes", "deduped"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if line.startswith("Spark UI: "))
        address = line.split()[2]
        with urllib.request.urlopen(f"{address}/api/v1/applications", timeout=30) as response:
            (application,) = json.load(response)
        assert application["name"].startswith("memorization metrics")
        process.stdout.read()
    assert process.returncode == 0
