"""Counting in a corpus: tokens per second of duplicates, longest matches and token frequencies, by size of the corpus.

`python -m benchmarks.corpus --tokens 10000000,100000000 --sequences 1000000`, part of `make bench`, prints Markdown.
The corpus is a document.bin with rows of 2,049 tokens. Tokens follow Zipf's law. Every tenth row has a passage of 64
tokens that other rows have too.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.measure import Measured, measure_command
from spark.session.project import PROJECT_DIRECTORY

ROW_TOKENS, PASSAGE = 2_049, 64
VOCABULARY_SIZE = 50_254
ROWS_AT_A_TIME = 2_000
SEED = 0
SEQUENCES_MATCHED, MOST_MATCHED = 65_000, 100_000_000  # one pass; a larger corpus takes minutes


def main() -> None:
    """Build the features for corpora of each size, duplicates for each number of sequences and for every row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", default="10000000,30000000,100000000,300000000")
    parser.add_argument("--sequences", default="10000,1000000")
    parser.add_argument("--directory", type=Path, default=Path(tempfile.gettempdir()) / "corpus-benchmark")
    arguments = parser.parse_args()
    arguments.directory.mkdir(parents=True, exist_ok=True)
    print(f"{os.cpu_count()} cores\n")
    print("| what | corpus, tokens | seconds | tokens/s | whole program, seconds | CPU s | peak memory, MiB |")
    print("|---|---|---|---|---|---|---|")
    for tokens in map(int, arguments.tokens.split(",")):
        corpus = make_corpus(arguments.directory, tokens)
        report("token frequencies", tokens, *run(corpus, ["--features", "token_frequencies"]))
        for number in map(int, arguments.sequences.split(",")):
            sequences = make_sequences(corpus, number)
            options = ["--features", "duplicates", "--sequences", str(sequences)]
            report(f"duplicates of {number:,} sequences", tokens, *run(corpus, options))
        if tokens <= MOST_MATCHED:
            options = ["--features", "longest_match", "--sequences", str(make_sequences(corpus, SEQUENCES_MATCHED))]
            report(f"longest match of {SEQUENCES_MATCHED:,} sequences", tokens, *run(corpus, options))
        report("duplicates of every row", tokens, *run(corpus, ["--features", "duplicates"]))


def report(what: str, tokens: int, measured: Measured, seconds: float) -> None:
    """Print one line of the table."""
    memory = measured.peak_bytes / (1 << 20)
    print(
        f"| {what} | {tokens:,} | {seconds:,.1f} | {tokens / seconds / 1e6:,.1f} M | {measured.seconds:,.1f} | "
        f"{measured.cpu_seconds:,.0f} | {memory:,.0f} |",
        flush=True,
    )


def run(corpus: Path, options: list[str]) -> tuple[Measured, float]:
    """Run the program as a user does; return its measurements, and the seconds of its only feature."""
    output = corpus.parent / "output"
    shutil.rmtree(output, ignore_errors=True)
    command = [sys.executable, str(PROJECT_DIRECTORY / "build_features.py"), "--corpus", str(corpus), *options]
    command += ["--output_dir", str(output), "--run_id", "benchmark"]
    measured = measure_command(command, corpus.parent / "job.log")
    tables = json.loads((output / "benchmark" / "run.json").read_text())["tables"]
    return measured, tables[0]["seconds"]


def make_corpus(directory: Path, tokens: int) -> Path:
    """Return a corpus of about `tokens` tokens; create it if needed."""
    path = directory / f"corpus-{tokens}" / "document.bin"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        hidden = path.with_suffix(".part")
        with hidden.open("wb") as file:
            for rows in _rows(tokens // ROW_TOKENS):
                file.write(rows.tobytes())
        hidden.rename(path)
    return path


def _rows(number: int) -> Iterator[NDArray[np.uint16]]:
    generator = np.random.default_rng(SEED)
    weights = 1 / np.arange(1, VOCABULARY_SIZE + 1)
    cumulative = np.cumsum(weights / weights.sum())
    passages = np.searchsorted(cumulative, generator.random((1_000, PASSAGE))).astype("<u2")
    for start in range(0, number, ROWS_AT_A_TIME):
        drawn = generator.random((min(ROWS_AT_A_TIME, number - start), ROW_TOKENS))
        rows = np.searchsorted(cumulative, drawn).astype("<u2")
        place = int(generator.integers(0, ROW_TOKENS - PASSAGE))
        rows[::10, place : place + PASSAGE] = passages[generator.integers(0, len(passages), len(rows[::10]))]
        yield rows


def make_sequences(corpus: Path, number: int) -> Path:
    """Return a Parquet file of `number` passages of 64 tokens, at random places of the corpus; create it if needed."""
    path = corpus.parent / f"sequences-{number}.parquet"
    if not path.exists():
        generator = np.random.default_rng(SEED)
        rows = np.memmap(corpus, "<u2", "r").reshape(-1, ROW_TOKENS)
        row, place = generator.integers(0, len(rows), number), generator.integers(0, ROW_TOKENS - PASSAGE, number)
        tokens = rows[row[:, None], place[:, None] + np.arange(PASSAGE)].astype(np.int32)
        offsets = np.arange(number + 1, dtype=np.int32) * PASSAGE
        lists = pa.ListArray.from_arrays(pa.array(offsets), pa.array(tokens.ravel()))
        pq.write_table(pa.table({"sequence_id": np.arange(number), "tokens": lists}), path)
    return path


if __name__ == "__main__":
    main()
