"""build_features.py end to end: on the sample, on files of token ids, joined, run again, and with wrong arguments."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer

import build_features
from filters.vocabulary import read_vocabulary
from sample import paths as sample_paths
from sample.build_tables import read_split, run_build_features
from spark.sources.counted_for import read_record
from tests.features.embedding_models import LONGEST, NUMERALS, save_tiny_model
from tests.features.near_duplicates_oracle import similar_pairs
from tests.features.plain_reference import edit_distance_plainly, embed_plainly
from tests.programs import build_features as run_features
from tests.programs import calculate_metrics as run_metrics
from tests.readers import READERS
from tests.sample.committed import truth

TABLES = {
    "generation-num-duplicates": sample_paths.SCHEMES,
    "near-duplicates": sample_paths.SCHEMES,
    "duped-num-frequencies": ("memorized", "non_memorized"),
    "deduped-num-frequencies": ("memorized", "non_memorized"),
}
# Settings of every table of a corpus that was not cut into sequences.
NOT_CUT = {"sequence_tokens": None, "stride": None, "keep_short": False}


@pytest.fixture(scope="module")
def default_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run without arguments; return the directory of the run and its output."""
    directory = tmp_path_factory.mktemp("features")
    finished = run_features("--run_id", "first", directory=directory)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert finished.stderr == ""
    return directory / "output" / "first", finished.stdout


def committed(dataset: str, split: str) -> pa.Table:
    return pq.read_table(sample_paths.SAMPLE_DIR / "features" / dataset / "data" / f"{split}-00000-of-00001.parquet")


@pytest.mark.parametrize(("dataset", "split"), [(name, split) for name, splits in TABLES.items() for split in splits])
def test_sample_tables_equal_the_committed_tables(default_run: Any, dataset: str, split: str) -> None:
    directory, _ = default_run
    assert read_split(directory / dataset / split).equals(committed(dataset, split))
    assert len(datasets.load_dataset(str(directory), dataset, split=split)) == len(committed(dataset, split))


@pytest.mark.parametrize("reader", READERS)
def test_readers_open_a_feature_table_and_a_dataset(default_run: Any, reader: str) -> None:
    dataset = default_run[0] / "generation-num-duplicates"
    rows, columns = READERS[reader](dataset / "duped")
    assert (rows, {"index", "counts"} <= columns) == (len(committed(dataset.name, "duped")), True)
    assert READERS[reader](dataset)[0] == rows + len(committed(dataset.name, "deduped"))


@pytest.mark.parametrize("scheme", sample_paths.SCHEMES)
def test_counts_equal_the_truth_of_the_sample(default_run: Any, scheme: str) -> None:
    directory, _ = default_run
    counted = read_split(directory / "generation-num-duplicates" / scheme)
    known = truth()
    found = dict(zip(*counted.to_pydict().values(), strict=True))
    expected = zip(known["sequence_id"].to_pylist(), known[f"duplicates_{scheme}"].to_pylist(), strict=True)
    assert found == {sequence: count for sequence, count in expected if count is not None}


@pytest.mark.parametrize("scheme", sample_paths.SCHEMES)
def test_token_frequencies_equal_a_plain_loop(default_run: Any, scheme: str) -> None:
    directory, _ = default_run
    corpus = pq.read_table(sample_paths.corpus_path(scheme))
    split = f"{scheme}.{sample_paths.MODELS[-1]}"
    memories = datasets.load_dataset(str(sample_paths.memories_directory()), split=split)
    memorized = set(memories["index"])
    for name, is_memorized in (("memorized", True), ("non_memorized", False)):
        rows = zip(corpus["sequence_id"].to_pylist(), corpus["tokens"].to_pylist(), strict=True)
        expected = Counter(token for row, tokens in rows if (row in memorized) == is_memorized for token in tokens)
        table = read_split(directory / f"{scheme}-num-frequencies" / name)
        assert table["Frequency"].to_pylist() == [expected[token] for token in range(len(table))]


def test_run_prints_a_summary_and_writes_run_json(default_run: Any) -> None:
    directory, printed = default_run
    assert "Spark UI: http://" in printed
    assert "repeated" in printed
    assert re.search(r"Next, join them: \S+ \S*calculate_metrics.py --duplicates", printed)
    record = json.loads((directory / "run.json").read_text())
    assert record["status"] == "complete"
    columns = {column["name"] for column in record["schema"] if column["feature"] != "near_duplicates"}
    assert columns == {"index", "counts", "TokenID", "Frequency"}
    assert [table["table"] for table in record["tables"] if table["table"].startswith("duplicates")] == [
        "duplicates duped",
        "duplicates deduped",
    ]
    assert not (directory / "_temporary").exists()


def test_calculate_metrics_joins_the_built_tables(default_run: Any, tmp_path: Path) -> None:
    directory, printed = default_run
    command = printed.split("Next, join them: ")[1].strip()
    command += f" --quiet --run_id joined --output_dir {tmp_path / 'output'} --schemes duped --models 70m"
    command += " --filters duplicates,near_duplicates,token_frequencies"
    subprocess.run(command, shell=True, cwd=directory.parent.parent, check=True)
    record = json.loads((tmp_path / "output" / "joined" / "run.json").read_text())
    joined = {each["feature"]: each["counted_for"] for each in record["tables"][0]["feature_tables"]}
    assert joined["duplicates"][0]["settings"]["continuation_tokens"] == 32
    assert set(joined) == {"duplicates", "near_duplicates", "token_frequencies"}
    found = ds.dataset(tmp_path / "output" / "joined" / "metrics", partitioning="hive").to_table()
    known = dict(zip(truth()["sequence_id"].to_pylist(), truth()["duplicates_duped"].to_pylist(), strict=True))
    joined = zip(found["sequence_id"].to_pylist(), found["sequence_duplicates"].to_pylist(), strict=True)
    assert all(known[sequence] == count for sequence, count in joined)
    assert found["avg_frequency"].null_count == found["near_duplicate_cluster"].null_count == 0


@pytest.mark.parametrize(
    ("dataset", "feature", "settings"),
    [
        (
            "generation-num-duplicates/duped",
            "duplicates",
            {"sequences": None, "prompt_tokens": 32, "continuation_tokens": 32, "window_tokens": []} | NOT_CUT,
        ),
        ("near-duplicates/duped", "near_duplicates", {"jaccard_threshold": 0.8, "ngram_tokens": 5} | NOT_CUT),
        (
            "duped-num-frequencies/memorized",
            "token_frequencies",
            {"memorized": f"{sample_paths.memories_directory()}#duped.160m"},
        ),
    ],
)
def test_files_of_a_table_say_what_it_was_counted_for(
    default_run: Any, dataset: str, feature: str, settings: dict[str, Any]
) -> None:
    for path in (default_run[0] / dataset).glob("*.parquet"):
        record = read_record(pq.read_schema(path).metadata)
        assert record is not None
        assert record.settings == settings
        assert (record.feature, record.corpus_rows) == (feature, 23_045)
        assert record.corpus == str(sample_paths.corpus_path("duped"))
        assert record.tokenizer_sha256 == read_vocabulary(sample_paths.tokenizer_path()).sha256()


def test_second_run_with_the_same_id_redoes_only_missing_tables(default_run: Any, tmp_path: Path) -> None:
    directory = tmp_path / "output" / "first"
    shutil.copytree(default_run[0], directory)
    removed = directory / "generation-num-duplicates" / "deduped"
    kept = directory / "generation-num-duplicates" / "duped"
    before = {path: path.stat().st_mtime_ns for path in kept.iterdir()}
    shutil.rmtree(removed)
    finished = run_features("--run_id", "first", directory=tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert "started (job 1 of 1" in finished.stdout
    assert read_split(removed).equals(committed("generation-num-duplicates", "deduped"))
    assert {path: path.stat().st_mtime_ns for path in kept.iterdir()} == before
    card = directory / "README.md"
    content = card.read_text()
    card.unlink()  # as if the run had been killed just before writing it
    again = run_features("--run_id", "first", directory=tmp_path)
    assert "already complete; nothing to do" in again.stdout
    assert card.read_text() == content
    refused = run_features("--run_id", "first", "--continuation_tokens", "8", directory=tmp_path)
    assert refused.returncode == 2
    assert "started with continuation_tokens = '32', found '8'" in refused.stderr


@pytest.mark.spark
def test_file_of_token_ids_is_counted_without_schemes(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    rows = generator.integers(0, 9, (200, 50)).astype("<u2")
    rows[:, 46:] = rows[generator.integers(0, 200, 200), 46:]
    (tmp_path / "document.bin").write_bytes(rows.tobytes())
    options = [
        "--corpus",
        "document.bin",
        "--row_tokens",
        "50",
        "--prompt_tokens",
        "10",
        "--continuation_tokens",
        "4",
        "--window_tokens",
        "2",
        "--run_id",
        "mine",
        "--features",
        "duplicates,token_frequencies",
    ]
    finished = run_features(*options, directory=tmp_path)
    assert finished.returncode == 0, finished.stderr
    counted = read_split(tmp_path / "output" / "mine" / "generation-num-duplicates").to_pydict()
    places = Counter(tuple(row[start : start + 4]) for row in rows.tolist() for start in range(47))
    shorter = Counter(tuple(row[start : start + 2]) for row in rows.tolist() for start in range(49))
    assert counted == {
        "index": list(range(200)),
        "counts": [places[tuple(row[46:])] for row in rows.tolist()],
        "counts_2": [shorter[tuple(row[48:])] for row in rows.tolist()],
    }
    schema = json.loads((tmp_path / "output" / "mine" / "run.json").read_text())["schema"]
    assert [column["name"] for column in schema] == ["index", "counts", "counts_2", "TokenID", "Frequency"]
    frequencies = read_split(tmp_path / "output" / "mine" / "num-frequencies").to_pydict()
    assert frequencies == {"TokenID": list(range(9)), "Frequency": np.bincount(rows.ravel()).tolist()}
    pq.write_table(pa.table({"sequence_id": [5, 500], "tokens": rows[[5, 6]].tolist()}), tmp_path / "sequences.parquet")
    joining = finished.stdout.split("Next, join them: ")[1].split()
    assert joining[2:4] == ["--continuation_tokens", "4"]
    options = ["--datasets", "sequences.parquet", "--filters", "duplicates", *joining[:4], "--run_id", "joined"]
    finished = run_metrics(*options, directory=tmp_path)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    joined = pq.read_table(tmp_path / "output" / "joined" / "metrics").to_pylist()
    found = [[row[name] for name in ("sequence_duplicates", "sequence_duplicates_2")] for row in joined]
    assert found == [[counted["counts"][5], counted["counts_2"][5]], [None, None]]
    record = json.loads((tmp_path / "output" / "joined" / "run.json").read_text())
    assert [column["name"] for column in record["schema"]] == ["sequence_duplicates", "sequence_duplicates_2"]


@pytest.mark.spark
def test_semantic_duplicates_equal_a_search_of_all_pairs(
    tmp_path: Path, tokenizer: Tokenizer, tokenizer_file: Path
) -> None:
    generator = np.random.default_rng(4)
    texts = [" ".join(generator.choice(NUMERALS, generator.integers(1, 5))) for _ in range(60)]
    pq.write_table(pa.table({"text": texts}), tmp_path / "corpus.parquet")
    sequences = {"sequence_id": list(range(0, 60, 4)), "text": texts[::4]}
    pq.write_table(pa.table(sequences), tmp_path / "sequences.parquet")
    options = ["--corpus", "corpus.parquet", "--sequences", "sequences.parquet", "--tokenizer", str(tokenizer_file)]
    options += ["--features", "semantic_duplicates", "--embedding_model", str(save_tiny_model(tmp_path / "model"))]
    finished = run_features(*options, "--run_id", "mine", directory=tmp_path)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    table = read_split(tmp_path / "output" / "mine" / "semantic-duplicates").to_pydict()
    embeddings = embed_plainly(tmp_path / "model", texts, LONGEST)
    prompts = [tokenizer.decode(tokenizer.encode(text).ids[:32]) for text in texts]
    for place, query in enumerate(table["sequence_id"]):
        for level in (0.8, 0.9):
            similar = np.flatnonzero((embeddings @ embeddings[query]).round(6) >= level)
            others = [other for other in similar.tolist() if other != query]
            near = sum(0 < edit_distance_plainly(prompts[query], prompts[other]) < 20 for other in others)
            name = f"{level}".replace(".", "_")
            assert table[f"{name}_snowclones"][place] == len(others)
            assert table[f"{name}_templates"][place] == near
    for kind in ("snowclones", "templates"):
        for level in ("0_8", "0_9"):
            assert table[f"{kind}_{level}"] == table[f"{level}_{kind}"]
    assert table["sequence_id"] == sequences["sequence_id"]
    assert 0 < sum(table["0_9_templates"]) < sum(table["0_8_snowclones"])


@pytest.mark.spark
def test_sample_is_read_from_another_directory(tmp_path: Path) -> None:
    run_build_features(sample_paths.SAMPLE_DIR, tmp_path, features="token_frequencies")
    split = tmp_path / "sample" / "duped-num-frequencies" / "memorized"
    assert read_split(split).equals(committed("duped-num-frequencies", "memorized"))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param("--features duplicate", "did you mean duplicates?", id="feature"),
        pytest.param("--schemes dupd", "did you mean duped?", id="scheme of the sample"),
        pytest.param("--continuation_tokens 0", "a whole number of at least 1", id="continuation of nothing"),
        pytest.param("--window_tokens 16,65", "at most the 64 tokens of prompt and", id="window beyond the sequence"),
        pytest.param("--window_tokens 16,", "a whole number of at least 1", id="window without a number"),
        pytest.param("--window 32:64", "unrecognized arguments: --window", id="former option"),
        pytest.param("--row_tokens 0", "a whole number of at least 1", id="rows of nothing"),
        pytest.param("--corpus nowhere.bin", "no such file or directory", id="corpus"),
        pytest.param("--corpus c/{scheme}.bin", "expected --schemes", id="no schemes"),
        pytest.param("--corpus c.bin --schemes a,b", "found one path for a, b", id="one corpus for two schemes"),
        pytest.param("--corpse c.bin", "did you mean --corpus?", id="option"),
        pytest.param("--run_id a/b", "--run_id names one directory", id="run id with a path"),
        pytest.param("--config nowhere.yaml", "cannot be read", id="missing configuration"),
        pytest.param("--memorized no_ids.parquet", "expected a column of ids", id="memorized sequences without ids"),
        pytest.param(
            "--corpus no_ids.parquet --features semantic_duplicates", "expected a tokenizer", id="no tokenizer"
        ),
        pytest.param(
            "--features semantic_duplicates --embedding_model .", "expected modules.json", id="no embedding model"
        ),
        pytest.param("--jaccard_threshold 1.5", "above 0, at most 1", id="threshold"),
        pytest.param("--deduplicate exactly", "did you mean exact?", id="method of deduplication"),
        pytest.param("--deduplicate fuzzy --keep longer", "did you mean longest?", id="misspelled value of keep"),
        pytest.param("--deduplicate semantic --cosine_threshold 0", "above 0, at most 1", id="cosine threshold"),
        pytest.param("--deduplicate semantic --semantic_clusters 0", "whole number of at least 1", id="no clusters"),
        pytest.param(
            "--corpus no_ids.parquet --deduplicate semantic", "expected a tokenizer", id="text of no tokenizer"
        ),
        pytest.param("--sequences no_ids.parquet", "expected a column of ids", id="sequences without ids"),
        pytest.param("--corpus empty.parquet", "expected a corpus, found no rows", id="corpus without rows"),
        pytest.param(
            "--corpus corpus --output_dir corpus/out",
            "Give an --output_dir outside of it",
            id="output within the corpus",
        ),
        pytest.param(
            "--deduplicate exact,semantic --semantic_clusters 999999 --embedding_model .",
            "expected at most the 23,045 rows",
            id="more clusters than rows",
        ),
        pytest.param("--keep longest", "add --deduplicate exact or", id="keep without deduplication"),
        pytest.param(
            "--deduplicate exact --jaccard_threshold 0.7", "would have no effect", id="threshold without a use"
        ),
        pytest.param("--deduplicate fuzzy --cosine_threshold 0.7", "--deduplicate semantic.", id="another threshold"),
        pytest.param("--embedding_model m", "--features semantic_duplicates or --dedup", id="model without a use"),
        pytest.param(
            "--features near_duplicates --prompt_tokens 8", "add --features duplicates.", id="no continuation"
        ),
        pytest.param("--features near_duplicates --memorized m", "--features token_freq", id="memorized of nothing"),
    ],
)
def test_wrong_arguments_are_rejected(
    arguments: str,
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("Spark was started")

    monkeypatch.setattr("spark.runs.run.start_session", refuse)
    monkeypatch.chdir(tmp_path)
    pq.write_table(pa.table({"tokens": [[1, 2]]}), "no_ids.parquet")
    pq.write_table(pa.table({"tokens": pa.array([], pa.list_(pa.int32()))}), "empty.parquet")
    Path("corpus").mkdir()
    pq.write_table(pa.table({"tokens": [[1, 2]]}), "corpus/rows.parquet")
    assert build_features.main([*arguments.split(), "--cache_dir", "cache"]) == 2
    printed = capsys.readouterr()
    assert expected in printed.err
    assert len(printed.err.strip().splitlines()) <= 2
    assert not Path("output").exists()


def test_plan_names_the_strategy(capsys: pytest.CaptureFixture[str]) -> None:
    assert build_features.main(["--plan", "--schemes", "duped"]) == 0
    printed = capsys.readouterr().out
    assert "23,045 rows" in printed
    assert "broadcast: every worker holds" in printed
    assert build_features.main(["--plan", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert plan["event"] == "feature_plan"
    strategies = [each["strategy"] for each in plan["features"]]
    assert [each and each.split(":")[0] for each in strategies] == ["broadcast", None, None] * 2


@pytest.mark.parametrize("scheme", sample_paths.SCHEMES)
def test_near_duplicates_equal_a_comparison_of_all_pairs(default_run: Any, scheme: str) -> None:
    directory, _ = default_run
    corpus = pq.read_table(sample_paths.corpus_path(scheme))
    ids, rows = corpus["sequence_id"].to_pylist(), [tuple(row) for row in corpus["tokens"].to_pylist()]
    copies = Counter(rows)
    different = list(copies)
    counts = {row: copies[row] - 1 for row in different}
    pairs = similar_pairs(different, 0.8)
    for one, other in pairs:
        counts[different[one]] += copies[different[other]]
        counts[different[other]] += copies[different[one]]
    table = read_split(directory / "near-duplicates" / scheme)
    found = dict(zip(table["sequence_id"].to_pylist(), table["near_duplicates"].to_pylist(), strict=True))
    expected = {sequence_id: counts[row] for sequence_id, row in zip(ids, rows, strict=True)}
    assert all(found[sequence_id] <= count for sequence_id, count in expected.items())
    assert sum(found.values()) >= 0.99 * sum(expected.values()) > 0
