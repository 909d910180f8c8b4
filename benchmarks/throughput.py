"""Speed and memory of calculate_metrics.py, compared with a floor, and the speed of each filter alone.

`make bench`, or `python -m benchmarks.throughput --rows 1000000,4000000 --directory DIR`, prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.floor import BATCH_ROWS
from benchmarks.measure import Measured, measure_command
from benchmarks.real_text import write_sequences
from filters.contract import Sequences
from filters.detokenization import decode_tokens
from filters.measuring import measure_filter
from filters.ragged import ragged_from_lists
from filters.registry import ALL_FILTERS
from filters.vocabulary import read_vocabulary
from sample.paths import tokenizer_path as sample_tokenizer_path
from spark.runs.run_record import versions
from spark.session.project import PROJECT_DIRECTORY

PYTHIA_TOKENIZER = PROJECT_DIRECTORY.parent / "shared" / "data" / "pythia" / "tokenizer.json"
FILTER_ROWS = 50_000
MEBIBYTE = 2**20


def main() -> None:
    """Collect the text, run the floor, the program at each size, and each filter; print a report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="1000000,4000000", help="numbers of rows to measure, separated by commas")
    parser.add_argument("--directory", type=Path, default=Path(tempfile.gettempdir()) / "memorization-benchmark")
    parser.add_argument("--tokenizer", type=Path, default=PYTHIA_TOKENIZER)
    arguments = parser.parse_args()
    tokenizer = arguments.tokenizer if arguments.tokenizer.is_file() else sample_tokenizer_path()
    sizes = [int(size) for size in arguments.rows.split(",")]
    arguments.directory.mkdir(parents=True, exist_ok=True)
    print(f"Versions: {json.dumps(versions())}\nTokenizer: {tokenizer}\n", flush=True)
    print("| what | rows | seconds | sequences/s | CPU s | peak memory, MiB |\n|---|---|---|---|---|---|", flush=True)
    for rows in sizes:
        data = prepare(arguments.directory, rows, tokenizer)
        if rows == sizes[0]:
            output = arguments.directory / "floor.parquet"
            command = [sys.executable, "-m", "benchmarks.floor", str(data), str(output), str(tokenizer)]
            report("floor, one process", rows, measure_command(command, arguments.directory / "floor.log"))
        for name, tables in (("every filter", False), ("every filter, feature tables joined", True)):
            report(name, rows, run_job(arguments.directory, data, tokenizer, tables))
    print("\n| filter alone, in memory | microseconds per sequence | sequences/s |\n|---|---|---|")
    for name, seconds in filters_alone(prepare(arguments.directory, sizes[0], tokenizer), tokenizer):
        print(f"| {name} | {seconds * 1e6:.2f} | {1 / seconds:,.0f} |", flush=True)


def report(name: str, rows: int, measured: Measured) -> None:
    """Print one line of the table."""
    speed = rows / measured.seconds
    cells = (f"{rows:,}", f"{measured.seconds:.1f}", f"{speed:,.0f}", f"{measured.cpu_seconds:.0f}")
    print(f"| {name} | {' | '.join(cells)} | {measured.peak_bytes / MEBIBYTE:,.0f} |", flush=True)


def run_job(directory: Path, data: Path, tokenizer: Path, with_tables: bool) -> Measured:
    """Run calculate_metrics.py as a user does, from Parquet to Parquet."""
    output = directory / "output"
    shutil.rmtree(output, ignore_errors=True)
    command = [sys.executable, str(PROJECT_DIRECTORY / "calculate_metrics.py"), "--datasets", str(data)]
    command += ["--tokenizer", str(tokenizer), "--output_dir", str(output), "--run_id", "benchmark"]
    command += ["--token_frequencies", str(data.with_name("token_frequencies.parquet"))]
    if with_tables:
        for table in ("duplicates", "semantic_duplicates", "perplexities", "nl_scores"):
            command += [f"--{table}", str(data.with_name(f"{table}.parquet"))]
    return measure_command(command, directory / "job.log")


def prepare(directory: Path, rows: int, tokenizer: Path) -> Path:
    """Return the file of the sequences, with feature tables beside it; create them if needed."""
    place = directory / f"{rows}-{tokenizer.stat().st_size}"
    data = place / "sequences.parquet"
    if not data.exists():
        place.mkdir(exist_ok=True)
        write_sequences(place / "partial", rows, tokenizer)
        write_feature_tables(place, rows, place / "partial")
        (place / "partial").rename(data)
    return data


def write_feature_tables(place: Path, rows: int, sequences: Path) -> None:
    """Write one feature table of each kind, with one row per sequence in random order."""
    generator = np.random.default_rng(1)
    ids = generator.permutation(rows)
    prompt, generation = generator.gamma(2, 30, rows), generator.gamma(2, 30, rows)
    counts = generator.geometric(0.3, (4, rows))
    tables = {
        "duplicates": {"index": ids, "counts": counts[0]},
        "semantic_duplicates": {
            "sequence_id": ids,
            **dict(zip(("0_8_snowclones", "0_9_snowclones", "0_8_templates", "0_9_templates"), counts, strict=True)),
        },
        "nl_scores": {"sequence_id": ids, "nl_scores": generator.random(rows)},
        "perplexities": {
            "sequence_id": ids,
            "loss": (prompt + generation) / 63,
            "prompt_perplexity": np.exp(prompt / 31),
            "generation_perplexity": np.exp(generation / 32),
            "sequence_perplexity": np.exp((prompt + generation) / 63),
        },
    }
    for name, columns in tables.items():
        pq.write_table(pa.table(columns), place / f"{name}.parquet")
    tokens = np.zeros(1, np.int64)
    for batch in pq.ParquetFile(sequences).iter_batches(columns=["tokens"]):
        found = np.bincount(batch["tokens"].flatten().to_numpy())
        tokens = np.pad(tokens, (0, max(0, len(found) - len(tokens))))
        tokens[: len(found)] += found
    columns = {"TokenID": np.arange(len(tokens)), "Frequency": tokens}
    pq.write_table(pa.table(columns), place / "token_frequencies.parquet")


def filters_alone(data: Path, tokenizer: Path) -> Iterator[tuple[str, float]]:
    """Yield each computed filter's name and its seconds per sequence, in one process, with the job's batches."""
    vocabulary = read_vocabulary(tokenizer)
    batches = islice(pq.ParquetFile(data).iter_batches(BATCH_ROWS, columns=["tokens"]), FILTER_ROWS // BATCH_ROWS)
    tokens = [ragged_from_lists(batch["tokens"]) for batch in batches]
    frequencies = np.ones(vocabulary.size, np.int64)
    sequences = [Sequences(rows, decode_tokens(rows, vocabulary), frequencies) for rows in tokens]
    started = time.process_time()
    for rows in tokens:
        decode_tokens(rows, vocabulary)
    yield "decoding", (time.process_time() - started) / FILTER_ROWS
    for each in ALL_FILTERS:
        if each.measure is not None and not each.asks_model:
            measure_filter(each, sequences[0], BATCH_ROWS)  # compile it before the clock starts
            started = time.process_time()
            for batch in sequences:
                measure_filter(each, batch, BATCH_ROWS)
            yield each.name, (time.process_time() - started) / FILTER_ROWS


if __name__ == "__main__":
    main()
