"""User errors end with one or two lines and exit status 2, before Spark starts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import calculate_metrics
from spark.metrics.configuration import build_configuration

TOKENS = {"sequence_id": [1, 2], "tokens": [[1, 2], [3, 4]]}


@pytest.fixture(autouse=True)
def no_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("Spark was started")

    monkeypatch.setattr("spark.runs.run.start_session", refuse)


def error_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the program with arguments that it must reject; return what it prints to stderr."""
    assert calculate_metrics.main(list(arguments)) == 2
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err + printed.out
    assert len(printed.err.strip().splitlines()) <= 3
    return printed.err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param("--models 70n --datasets memories", "did you mean 70m?", id="model"),
        pytest.param("--models 160m,410m", "Unknown model of the sample '410m'", id="model the sample lacks"),
        pytest.param("--schemes depuped --datasets pile", "did you mean deduped?", id="scheme"),
        pytest.param("--datasets memory", "Unknown dataset 'memory'", id="dataset"),
        pytest.param("--filters repetitions", "did you mean repetition?", id="filter"),
        pytest.param("--filters ,", "expected names separated by commas", id="empty list"),
        pytest.param("--dataset sample", "did you mean --datasets?", id="option"),
        pytest.param("--run_id ../../etc", "--run_id names one directory", id="run id with a path"),
        pytest.param("--document_per line", "no .txt file is read", id="no text files"),
        pytest.param("--document_per page", "Unknown choice", id="documents of pages"),
        pytest.param("--text_column none", "expected a column `none`, as --text_column says", id="no such column"),
        pytest.param("--sample_size 0", "a whole number of at least 1", id="sample of nothing"),
        pytest.param("--sample_size many", "a whole number of at least 1", id="sample size in words"),
        pytest.param("--sample_seed -1", "a whole number of at least 0", id="negative seed"),
        pytest.param("--sample_seed 1", "no effect without --sample_size", id="seed without a sample"),
        pytest.param(
            "--filters compressibility --duplicates published",
            "Add duplicates to --filters",
            id="table without a filter",
        ),
        pytest.param(
            "--filters repetition --token_frequencies published",
            "Add token_frequencies to",
            id="frequencies without one",
        ),
        pytest.param("--filters repetition --model x/y", "Add model to --filters", id="model without a filter"),
        pytest.param("--filters all --precision float16", "no chosen filter evaluates", id="precision without a model"),
        pytest.param("--config nowhere.yaml", "cannot be read", id="missing configuration"),
        pytest.param("--duplicates nowhere.parquet", "--duplicates: no such path", id="missing feature table"),
        pytest.param("--perplexities published", "no published table", id="perplexities are not published"),
        pytest.param("--tokenizer no/such/place", "no/such/place", id="tokenizer"),
        pytest.param("--tokenizer nosuch.json", "no such file", id="tokenizer file"),
        pytest.param("--datasets ~nobody/x", "Unknown dataset", id="nobody's home"),
        pytest.param(f"--datasets {'x' * 5000}", "Unknown dataset", id="a name that no path can have"),
    ],
)
def test_wrong_arguments_are_rejected(
    arguments: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert expected in error_of(capsys, *arguments.split(), "--output_dir", str(tmp_path))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param("modles: [70m]", "unknown key 'modles' (did you mean models?)", id="unknown key"),
        pytest.param("- a\n- b", "expected `option: value` lines, found list", id="a list"),
        pytest.param("models: 7", "expected a list of names", id="a number for names"),
        pytest.param("models: [70m", "cannot be read", id="not YAML"),
        pytest.param("output_dir: [a]", "output_dir: expected text", id="a list for text"),
        pytest.param("sample_size: true", "a whole number", id="a truth value for a number"),
        pytest.param("[" * 3000, "cannot be read", id="too deep"),
        pytest.param("sample_size: " + "9" * 5000, "", id="too many digits"),
        pytest.param("models: !!python/object:os.system {}", "cannot be read", id="an object"),
        pytest.param("revisions: main", "expected a mapping", id="revisions without names"),
    ],
)
def test_wrong_configuration_files_are_rejected(
    content: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(content)
    assert expected in error_of(capsys, "--config", str(path))


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        pytest.param({"sequence_id": [1]}, "expected a column `tokens` or `text`", id="nothing to measure"),
        pytest.param(
            {"tokens": ["1 2"]}, "expected lists of whole numbers in column `tokens`, found string", id="text"
        ),
        pytest.param({"tokens": [[1.5]]}, "found list<", id="fractions as tokens"),
        pytest.param({"tokens": [[1]], "sequence_id": ["a"]}, "expected whole numbers", id="ids of text"),
        pytest.param({"text": [3]}, "expected text in column `text`, found int64", id="numbers as text"),
        pytest.param({"tokens": [[1]], "model": ["x"]}, "columns named `model`", id="a partition's name"),
        pytest.param({"tokens": [[1]], "zlib_size": [3]}, "columns named `zlib_size`", id="a metric's name"),
    ],
)
def test_wrong_columns_are_rejected(
    columns: dict[str, list[object]],
    expected: str,
    tmp_path: Path,
    tokenizer_file: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pq.write_table(pa.table(columns), tmp_path / "data.parquet")
    arguments = ["--datasets", str(tmp_path / "data.parquet"), "--tokenizer", str(tokenizer_file)]
    assert expected in error_of(capsys, *arguments, "--output_dir", str(tmp_path / "out"))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        pytest.param("data.parquet", b"PAR1 and then nothing", "is no readable Parquet file", id="damaged Parquet"),
        pytest.param("data.parquet", b"", "is no readable Parquet file", id="empty Parquet"),
        pytest.param("data.jsonl", b"", "expected one JSON object a line", id="empty JSONL"),
        pytest.param("data.jsonl", b"\x00\xff\n[1]\n", "expected one JSON object a line", id="no object in JSONL"),
        pytest.param("data.xlsx", b"a,b", "expected a file named", id="another format"),
        pytest.param("other/readme.md", b"x", "found no file named", id="directory without data"),
    ],
)
def test_unreadable_files_are_rejected(
    name: str, content: bytes, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    dataset = path.parent if "/" in name else path
    assert expected in error_of(capsys, "--datasets", str(dataset), "--output_dir", str(tmp_path / "out"))


def test_two_datasets_of_one_name_are_rejected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for directory in ("a", "b"):
        (tmp_path / directory).mkdir()
        pq.write_table(pa.table(TOKENS), tmp_path / directory / "data.parquet")
    paths = f"{tmp_path}/a/data.parquet,{tmp_path}/b/data.parquet"
    assert "would both be written as" in error_of(capsys, "--datasets", paths)


def test_run_resumes_only_with_the_same_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = tmp_path / "out" / "r"
    directory.mkdir(parents=True)
    configuration = build_configuration({"datasets": "sample", "output_dir": str(tmp_path / "out")})
    record = {"configuration": configuration.as_json(), "data_commits": {}}
    (directory / "run.json").write_text(json.dumps(record))
    arguments = ["--output_dir", str(tmp_path / "out"), "--run_id", "r", "--sample_size", "1"]
    assert "was started with sample_size = 'None', found '1'" in error_of(capsys, *arguments)
    (directory / "run.json").write_text('{"configuration"')
    assert "cannot be read" in error_of(capsys, *arguments)


def test_rejected_command_leaves_no_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data.parquet").write_bytes(b"damaged")
    error_of(capsys, "--datasets", str(tmp_path / "data.parquet"), "--output_dir", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["a_file", "a_file/below", "x" * 300])
def test_unwritable_output_directory_is_rejected(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a_file").write_text("")
    assert re.search(
        "cannot (write to|be read)", error_of(capsys, "--output_dir", str(tmp_path / name), "--filters", "repetition")
    )


@pytest.mark.parametrize(
    ("data", "table", "option", "expected"),
    [
        pytest.param(TOKENS, {"sequence_id": ["1"], "counts": [1]}, "duplicates", "expected whole numbers"),
        pytest.param(TOKENS, {"sequence_id": [1], "counts": [1.7]}, "duplicates", "expected whole numbers"),
        pytest.param(TOKENS, {"sequence_id": [1], "nl_scores": ["a"]}, "nl_scores", "expected numbers"),
        pytest.param(TOKENS, {"TokenID": ["a"], "Frequency": [1]}, "token_frequencies", "expected whole numbers"),
        pytest.param(TOKENS, {"TokenID": [1], "Frequency": [-1]}, "token_frequencies", "expected counts from 0"),
        pytest.param(TOKENS | {"loss": ["a", "b"]}, {"index": [1], "counts": [1]}, "duplicates", "expected double in"),
    ],
)
def test_feature_tables_that_cannot_be_joined_are_rejected(
    data: dict[str, list[object]],
    table: dict[str, list[object]],
    option: str,
    expected: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pq.write_table(pa.table(data), tmp_path / "data.parquet")
    pq.write_table(pa.table(table), tmp_path / "table.parquet")
    arguments = ["--datasets", str(tmp_path / "data.parquet"), f"--{option}", str(tmp_path / "table.parquet")]
    assert expected in error_of(capsys, *arguments, "--output_dir", str(tmp_path / "out"))


def test_help_and_plan_start_no_spark(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert calculate_metrics.main(["--datasets", "memories,pile", "--plan", "--output_dir", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "EleutherAI/pythia-memorized-evals" in printed
    assert not list(tmp_path.iterdir())
