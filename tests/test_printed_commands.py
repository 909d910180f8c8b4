"""Every command that a program prints runs as printed, and both programs number the rows of the data alike."""

from __future__ import annotations

import json
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer

import calculate_metrics
from sample import paths as sample_paths
from spark.corpus.configuration import build_feature_configuration
from spark.corpus.joining import joining_commands
from spark.corpus.planning import plan_features
from tests.conftest import PROJECT
from tests.programs import build_features
from tests.test_formats import table_of

WINDOW = 32  # tokens of a continuation


def printed_commands(output: str) -> list[str]:
    return re.findall(r"^Next, .*?: (.*)$", output, re.MULTILINE)


def run_printed(command: str, directory: Path, *more: str) -> str:
    """Run a command as printed, in a shell, in the directory where it was printed; return its output."""
    line = f"{command} {shlex.join(more)}" if more else command
    inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYSPARK_PYTHON")}
    done = subprocess.run(line, shell=True, cwd=directory, env=inherited, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


def some_texts(count: int, seed: int = 5) -> list[str]:
    """Return texts of 20 to 60 words, the latter half copies of the former, some of other length."""
    choice = random.Random(seed)
    words = ("one", "two", "three", "four", "five", "six", "seven", "eight")
    texts = [" ".join(choice.choices(words, k=choice.randint(20, 60))) for _ in range(count // 2)]
    return texts + [text + " ten" * choice.randint(0, 3) for text in texts]


def occurrences(sequences: list[list[int]], start: int, corpus: list[list[int]]) -> list[int]:
    """Return how often the corpus holds the window of each sequence, by looking at every place."""
    places = Counter(tuple(row[at : at + WINDOW]) for row in corpus for at in range(len(row) - WINDOW + 1))
    return [places[tuple(row[start : start + WINDOW])] for row in sequences]


@pytest.mark.spark
def test_documents_with_ids_of_text_are_cut_and_joined(
    tmp_path: Path, tokenizer: Tokenizer, tokenizer_file: Path
) -> None:
    texts = some_texts(40)
    for number, part in enumerate((texts[:25], texts[25:])):  # two files: the second one's rows are numbered on
        lines = [json.dumps({"name": f"doc {number}/{row}", "body": text}) for row, text in enumerate(part)]
        (tmp_path / "my data").mkdir(exist_ok=True)
        (tmp_path / "my data" / f"{number}.jsonl").write_text("\n".join(lines) + "\n")
    shutil.copy(tokenizer_file, tmp_path / "my data" / "tokenizer.json")
    options = ["--text_column", "body", "--id_column", "name", "--sequence_tokens", "64"]
    built = build_features("--corpus", "my data", *options, "--run_id", "built", directory=tmp_path)
    assert built.returncode == 0, built.stdout + built.stderr
    (command,) = printed_commands(built.stdout)
    run_printed(command, tmp_path, "--run_id", "joined", "--filters", "duplicates,near_duplicates,token_frequencies")
    rows = table_of(tmp_path / "output" / "joined" / "metrics").to_pylist()
    encoded = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    names = [f"doc {number}/{row}" for number, rows in enumerate((25, 15)) for row in range(rows)]
    expected = {
        (name, offset): tokens[offset : offset + 64]
        for name, tokens in zip(names, encoded, strict=True)
        for offset in range(0, len(tokens) - 63, 64)
    }
    assert {(row["document_id"], row["token_offset"]): row["tokens"] for row in rows} == expected
    counts = dict(zip(expected, occurrences(list(expected.values()), 32, encoded), strict=True))
    assert {(row["document_id"], row["token_offset"]): row["sequence_duplicates"] for row in rows} == counts
    assert max(counts.values()) > 1
    assert all(row["near_duplicate_cluster"] is not None and row["avg_frequency"] for row in rows)


@pytest.mark.spark
def test_ids_of_text_and_rows_without_ids_are_numbered(
    tmp_path: Path, tokenizer: Tokenizer, tokenizer_file: Path
) -> None:
    texts = [text for text in some_texts(40) if len(tokenizer.encode(text).ids) >= 64]
    pq.write_table(pa.table({"key": [f"k{row}" for row in range(len(texts))], "text": texts}), tmp_path / "a.parquet")
    options = ["--tokenizer", str(tokenizer_file), "--id_column", "key", "--features", "duplicates"]
    built = build_features("--corpus", "a.parquet", *options, "--run_id", "built", directory=tmp_path)
    assert "Note: a.parquet: `key` holds text, so sequence_id is the number of the row, from 0." in built.stdout
    (command,) = printed_commands(built.stdout)
    printed = run_printed(command, tmp_path, "--run_id", "joined", "--filters", "duplicates")
    note = (
        "a.parquet: has no whole numbers as ids, so --duplicates is joined by the number of the row, from 0, "
        "as build_features.py numbers the rows of a corpus."
    )
    assert f"Note: {note}" in printed
    assert json.loads((tmp_path / "output" / "joined" / "run.json").read_text())["notes"][-1] == note
    rows = table_of(tmp_path / "output" / "joined" / "metrics").sort_by("sequence_id").to_pylist()
    encoded = [tokenizer.encode(text).ids for text in texts]
    assert [row["key"] for row in rows] == [f"k{row}" for row in range(len(texts))]
    assert [row["sequence_duplicates"] for row in rows] == occurrences(encoded, 32, encoded)


@pytest.mark.spark
def test_token_files_of_two_schemes(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    tokens = {}
    for scheme in ("long", "short"):
        rows = generator.integers(0, 9, (60, 64)).astype("<u2")
        rows[::3, 32:] = rows[0, 32:]
        (tmp_path / f"{scheme}.bin").write_bytes(rows.tobytes())
        tokens[scheme] = rows.tolist()
    options = ["--corpus", "{scheme}.bin", "--schemes", "long,short", "--row_tokens", "64", "--features", "duplicates"]
    built = build_features(*options, "--run_id", "built", directory=tmp_path)
    assert built.returncode == 0, built.stdout + built.stderr
    commands = printed_commands(built.stdout)
    assert len(commands) == 2
    for command, (scheme, rows) in zip(commands, tokens.items(), strict=True):
        run_printed(command, tmp_path, "--run_id", scheme, "--filters", "duplicates")
        table = table_of(tmp_path / "output" / scheme / "metrics" / f"dataset={scheme}" / f"scheme={scheme}")
        table = table.sort_by("sequence_id")
        assert table["tokens"].to_pylist() == rows
        assert table["sequence_duplicates"].to_pylist() == occurrences(rows, 32, rows)


@pytest.mark.spark
def test_the_commands_after_the_sample(tmp_path: Path) -> None:
    texts = [f"It is {number} o'clock, and the lights are on in the workshop. " * 8 for number in range(3)]
    lines = [json.dumps({"id": number, "text": text}) for number, text in enumerate(texts)]
    (tmp_path / "MY_DOCUMENTS.jsonl").write_text("\n".join(lines))
    shutil.copytree(sample_paths.model_directory("duped", "70m"), tmp_path / "MY_MODEL")
    shutil.copy(sample_paths.tokenizer_path(), tmp_path / "MY_MODEL")
    program = shlex.join([sys.executable, str(PROJECT / "calculate_metrics.py")])
    mine, published = (f"{program} {options}" for _, options in calculate_metrics.NEXT)
    assert "memorized" in run_printed(mine, tmp_path, "--run_id", "mine")
    rows = table_of(tmp_path / "output" / "mine" / "metrics")
    assert len(rows) >= 3
    assert rows["memorization_score"].null_count == 0
    assert "pythia-memorized-evals" in run_printed(published, tmp_path, "--plan")


def commands_for(directory: Path, **options: Any) -> list[str]:
    configuration = build_feature_configuration(options)
    shared = ("run_id", "schemes", "tokenizer", "output_dir", "text_column", "keep_short", "sequence_tokens")
    return list(joining_commands(plan_features(configuration), configuration, directory, shared))


def test_the_sample_is_named_by_no_option(tmp_path: Path) -> None:
    (command,) = commands_for(tmp_path, features="duplicates,token_frequencies")
    assert command == (
        f"--duplicates {tmp_path}/generation-num-duplicates --token_frequencies '{tmp_path}/{{scheme}}-num-frequencies'"
    )
    (command,) = commands_for(tmp_path, features="duplicates", schemes="duped")
    assert command == f"--schemes duped --duplicates {tmp_path}/generation-num-duplicates"


@pytest.mark.parametrize("corpus", ["owner/name", "here.jsonl#train", "a,b.jsonl"])
def test_data_that_the_other_program_does_not_read_is_a_placeholder(
    corpus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("here.jsonl", "a,b.jsonl"):
        Path(name).write_text('{"text": "one"}\n')
    (command,) = commands_for(
        Path("out"), corpus=corpus, features="duplicates", output_dir="out", text_column="my text"
    )
    assert command == (
        "--datasets MY_SEQUENCES.parquet --duplicates out/generation-num-duplicates "
        "--output_dir out --text_column 'my text'"
    )


def test_tables_of_other_rows_are_not_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.jsonl", "b.jsonl"):
        Path(name).write_text('{"text": "one"}\n')
    given = {"corpus": "a.jsonl", "sequences": "b.jsonl", "features": "duplicates,near_duplicates", "tokenizer": "t"}
    assert commands_for(Path("out"), **given) == [
        "--datasets b.jsonl --tokenizer t --duplicates out/generation-num-duplicates "
        "--near_duplicates out/near-duplicates"
    ]
    (command,) = commands_for(Path("out"), **given, sequence_tokens="64", keep_short=True)
    assert command.endswith("--duplicates out/generation-num-duplicates --keep_short --sequence_tokens 64")
