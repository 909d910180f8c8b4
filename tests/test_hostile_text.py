"""Text from the data and the command line is printed escaped, stored unchanged, and never used as a path."""

from __future__ import annotations

import gzip
import json
import logging
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import calculate_metrics
from chaos.damaged_contents import HOSTILE_TEXTS
from spark.runs.run_directory import PrintableFormatter
from tests.conftest import PROJECT
from utils import UserError, check_run_id, printable, printable_lines

EVIL = "\x1b]0;title\x07\x1b[31m[bold]red[link=x]\x9b2J\r\u202elord\u2066"
TOKENIZER = PROJECT / "sample" / "data" / "tokenizer" / "tokenizer.json"


def unsafe(text: str) -> set[str]:
    """Return the characters of a text that a terminal could interpret."""
    return {character for character in text if not character.isprintable() and character != "\n"}


@given(st.text(st.characters(exclude_categories=())))
def test_printable_text_is_safe_and_keeps_safe_characters(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert printable(shown) == shown
    assert unsafe(printable_lines(text)) == set()
    assert shown == text or "\\" in shown


def test_log_escapes_text_of_the_data() -> None:
    formatter = PrintableFormatter("%(message)s")
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "%s", (EVIL,), None)
    try:
        raise ValueError(EVIL)
    except ValueError:
        record.exc_info = sys.exc_info()
    formatted = formatter.format(record)
    assert "Traceback" in formatted
    assert "lord" in formatted
    assert not unsafe(formatted)


@pytest.fixture(scope="module")
def hostile_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Run on hostile rows, columns and file names, where one split fails; return the process and its directory."""
    place = tmp_path_factory.mktemp("hostile")
    lines = [json.dumps({"text": text + EVIL, EVIL: text}) for text in HOSTILE_TEXTS] * 2
    lines += [json.dumps({"text": "a", f"{EVIL} late": 1}), '{"text": "\x1b[2J'] * 600
    first = place / f"rows {EVIL}.jsonl"
    first.write_text("\n".join([*lines[:-2], *[json.dumps({"text": "fine", EVIL: ""})] * 600, *lines[-2:]]))
    second = place / f"columns\n{EVIL}.parquet"
    pq.write_table(pa.table({"text": list(HOSTILE_TEXTS), EVIL: list(HOSTILE_TEXTS)}), second)
    third = place / f"cut {EVIL}.jsonl.gz"
    numbers = random.Random(0)
    content = "".join(json.dumps({"text": f"{numbers.random()}"}) + "\n" for _ in range(200_000))
    third.write_bytes(gzip.compress(content.encode())[:-5])
    command = [sys.executable, str(PROJECT / "calculate_metrics.py"), "--run_id", "x", "--output_dir", str(place / "o")]
    command += [
        "--datasets",
        f"{first},{second},{third}",
        "--tokenizer",
        str(TOKENIZER),
        "--filters",
        "compressibility",
    ]
    done = subprocess.run(
        command, cwd=place, capture_output=True, text=True, timeout=300, encoding="utf-8", errors="strict"
    )
    return done, place / "o" / "x"


def test_output_and_logs_contain_no_control_character(
    hostile_run: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, directory = hostile_run
    assert done.returncode == 1, done.stderr
    written = {path.name: path.read_text(encoding="utf-8") for path in (directory / "run.json", directory / "run.log")}
    for name, text in {"stdout": done.stdout, "stderr": done.stderr, **written}.items():
        assert not unsafe(text.replace("\t", "")), name
        assert "Traceback" not in text or name == "run.log"
    failed = " ".join(line.strip() for line in done.stdout.splitlines() if "is damaged, or cannot be read" in line)
    assert "cut \\x1b]0;title\\x07" in failed
    assert "[bold]red[link=x]" in failed


def test_hostile_rows_are_measured_or_rejected_unchanged(
    hostile_run: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    _, directory = hostile_run
    tables = {table["table"]: table for table in json.loads((directory / "run.json").read_text())["tables"]}
    assert [table["status"] for table in tables.values()] == ["complete", "complete", "failed"]
    tables = {name: list(Path(directory, name).rglob("*.parquet")) for name in ("metrics", "rejected")}
    rows = {name: [row for path in paths for row in _rows(path)] for name, paths in tables.items()}
    texts = {row["text"] for row in rows["metrics"]}
    assert {text + EVIL for text in HOSTILE_TEXTS} | {text for text in HOSTILE_TEXTS if text} <= texts
    assert {row.get(EVIL) for row in rows["metrics"]} >= set(HOSTILE_TEXTS)
    reasons = {row["reason"] for row in rows["rejected"]}
    assert reasons == {
        "the line is not JSON: Invalid control character at: line 1 column 11 (char 10)",
        "text is empty",
    }


def _rows(path: Path) -> list[dict[str, Any]]:
    return list(pq.ParquetFile(path).read().to_pylist())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--datasets", EVIL],
        ["--models", EVIL],
        ["--schemes", EVIL],
        ["--filters", EVIL],
        ["--tokenizer", EVIL],
        ["--tokenizer", f"{EVIL}.json"],
        ["--duplicates", EVIL],
        ["--duplicates", f"owner/{EVIL}"],
        ["--run_id", EVIL],
        ["--config", EVIL],
        ["--sample_size", EVIL],
        [f"--{EVIL}"],
        ["--datasets", "data", "--models", EVIL],
        ["--datasets", "columns"],
        ["--datasets", "nothing"],
        ["--datasets", "types"],
        ["--datasets", "twice"],
        ["--datasets", "good", "--tokenizer", "tokenizer"],
        ["--datasets", "good", "--duplicates", "columns"],
        ["--datasets", "good", "--token_frequencies", "columns"],
        ["--config", "keys.yaml"],
        ["--config", "values.yaml"],
        ["--config", "revisions.yaml"],
        ["--config", "broken.yaml"],
    ],
    ids=ascii,
)
def test_error_messages_contain_no_control_character(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_hostile_inputs(tmp_path)
    assert calculate_metrics.main([*arguments, "--output_dir", "out"]) == 2
    printed = capsys.readouterr()
    assert not unsafe(printed.err + printed.out)
    assert len(printed.err.splitlines()) <= 3
    assert {path.name for path in tmp_path.iterdir()} <= {*INPUTS, "out"}


INPUTS = (
    "columns",
    "nothing",
    "types",
    "twice",
    "good",
    "data",
    "tokenizer",
    *map("{}.yaml".format, ("keys", "values")),
)
INPUTS += ("revisions.yaml", "broken.yaml")


def write_hostile_inputs(place: Path) -> None:
    tables = {
        "columns": {EVIL: [1], f"{EVIL} two": [2]},
        "types": {"tokens": pa.array([1], pa.duration("s")), EVIL: [1]},
        "good": {"sequence_id": [1], "tokens": [[1]]},
    }
    for name, columns in tables.items():
        (place / name).mkdir()
        pq.write_table(pa.table(columns), place / name / f"{EVIL}.parquet")
    (place / "twice").mkdir()
    pq.write_table(pa.table([[[1]], [1], [2]], names=["tokens", EVIL, EVIL]), place / "twice" / "a.parquet")
    (place / "nothing").mkdir()
    (place / "nothing" / f"{EVIL}.log").touch()
    (place / "data").mkdir()
    (place / "data" / f"{EVIL}.parquet").write_bytes(EVIL.encode() * 9)
    (place / "tokenizer").mkdir()
    (place / "tokenizer" / "tokenizer.json").write_text(json.dumps({"version": EVIL, "model": {"type": EVIL}}))
    (place / "keys.yaml").write_text(json.dumps({EVIL: 1}))
    (place / "values.yaml").write_text(json.dumps({"tokenizer": [EVIL]}))
    (place / "revisions.yaml").write_text(json.dumps({"revisions": [EVIL]}))
    (place / "broken.yaml").write_bytes(b"a: [\x1b[31m")


OUTSIDE = [
    "../x",
    "..",
    ".",
    "/tmp/x",
    "a/b",
    "a\\b",
    "~",
    "-x",
    ".hidden",
    "a\0b",
    "a\nb",
    "x" * 101,
    "",
    " ",
    "é",
    "%2e%2e",
]


@pytest.mark.parametrize("name", OUTSIDE, ids=ascii)
@pytest.mark.parametrize("option", ["run_id", "models", "schemes"])
@pytest.mark.parametrize("by_file", [False, True], ids=["command line", "configuration"])
def test_hostile_names_stay_inside_the_output_directory(
    name: str, option: str, by_file: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here").mkdir()
    pq.write_table(pa.table({"tokens": [[1]]}), tmp_path / "data.parquet")
    arguments = ["--datasets", str(tmp_path / "data.parquet"), "--output_dir", str(tmp_path / "here" / "out"), "--plan"]
    if by_file:
        (tmp_path / "config.yaml").write_text(json.dumps({option: name}))
        arguments += ["--config", str(tmp_path / "config.yaml")]
    else:
        arguments += [f"--{option}={name}"]
    assert calculate_metrics.main(arguments) == 2
    assert not unsafe(capsys.readouterr().err)
    assert not list((tmp_path / "here").rglob("*"))


@given(st.text(max_size=8))
def test_accepted_run_id_names_one_directory_below_the_output(text: str) -> None:
    try:
        check_run_id(text)
    except UserError:
        return
    assert os.path.normpath(f"/output/{text}") == f"/output/{text}"
    assert Path("/output", text).parent == Path("/output")


@pytest.mark.parametrize(
    "name", ["..", "...parquet", "a=b,c", f"{EVIL}.parquet", "..parquet", "x" * 240 + ".parquet"], ids=ascii
)
def test_dataset_name_is_one_directory_for_any_path(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "in" / "side"
    directory.mkdir(parents=True)
    path = directory / name.replace(",", "_")
    file = path / "a.parquet" if not name.endswith(".parquet") and name != ".." else path
    if name != "..":
        file.parent.mkdir(exist_ok=True)
        pq.write_table(pa.table({"tokens": [[1]]}), file)
    else:
        pq.write_table(pa.table({"tokens": [[1]]}), tmp_path / "in" / "a.parquet")
    monkeypatch.chdir(directory)
    assert calculate_metrics.main(["--datasets", path.name, "--output_dir", "out", "--plan"]) == 0
    printed = capsys.readouterr().out
    written = next(line for line in printed.splitlines() if "written to" in line).split()[-1]
    dataset = written.split("/")[0]
    assert dataset.startswith("dataset=")
    assert len(dataset) < 120
    assert written.count("/") == 2
    assert ".." not in written.split("/")
    assert not unsafe(printed)
