"""Near duplicates compared with datasketch and datatrove: clusters, recall, precision and seconds on the same data.

    python -m benchmarks.near_duplicates --shapes 20000x64,20000x500 --directory DIR

Part of `make bench`, which installs requirements-bench.txt into `.bench`; prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyspark.sql import SparkSession

from benchmarks.near_duplicates_data import NGRAM_TOKENS, planted_sequences, true_pairs, write_sequences
from benchmarks.near_duplicates_others import WORKERS, datasketch_labels, datatrove_labels, write_texts
from benchmarks.near_duplicates_quality import Quality, labels_of, quality
from features.near_duplicates.bands import Bands, choose_bands
from features.near_duplicates.in_memory import near_duplicates_in_memory
from filters.contract import RaggedArray
from filters.feature_tables import JACCARD_THRESHOLD
from spark.corpus.near_duplicates.counting import MOST_TOKENS_ON_DRIVER, find_near_duplicates
from spark.runs.run_directory import logs_of
from spark.runs.run_record import versions
from spark.session.spark_session import start_session, stop_session

Labels = NDArray[np.int64]
DATASKETCH_HASHES = 128  # its default
DATATROVE_BANDS = Bands(14, 8)  # its default


class Clock:
    """A clock that starts when it is made: seconds, and CPU seconds of this process and its children."""

    def __init__(self) -> None:
        self.started, self.cpu_before = time.monotonic(), _cpu_seconds()

    def elapsed(self) -> str:
        """Return seconds and CPU seconds as two cells of the table."""
        return f"{time.monotonic() - self.started:.1f} | {_cpu_seconds() - self.cpu_before:.1f}"


def _cpu_seconds() -> float:
    # The times of a parent's children include processes that have ended.
    processes = (psutil.Process(), *psutil.Process().children(recursive=True))
    return sum(sum(process.cpu_times()[:4]) for process in processes)


def main() -> None:
    """Run every program on each shape of data; print a report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", default="20000x64,200000x64,20000x500", help="sequences x tokens")
    parser.add_argument("--directory", type=Path, default=Path(tempfile.gettempdir()) / "near-duplicates-benchmark")
    parser.add_argument("--threshold", type=float, default=JACCARD_THRESHOLD)
    arguments = parser.parse_args()
    arguments.directory.mkdir(parents=True, exist_ok=True)
    found = versions() | {name: version(name) for name in ("datasketch", "datatrove", "xxhash")}
    print(f"Versions: {json.dumps(found)}; datatrove with {WORKERS} processes\n", flush=True)
    print("| sequences | program | clusters | recall | recall at the threshold | precision | seconds | CPU s |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    started = Clock()
    spark = start_session("near duplicates", logs_of(arguments.directory, arguments.directory))
    print(f"| | (Spark's start) | | | | | {started.elapsed()} |", flush=True)
    for shape in arguments.shapes.split(","):
        rows, length = map(int, shape.split("x"))
        compare(spark, planted_sequences(rows, length), arguments.threshold, arguments.directory)
    stop_session(spark)


def compare(spark: SparkSession, tokens: NDArray[np.int32], threshold: float, directory: Path) -> None:
    """Print the lines of the table for one set of sequences."""
    data = directory / "sequences.parquet"
    write_sequences(data, tokens)
    started = Clock()
    pairs, similarities = true_pairs(tokens, threshold)
    truth = labels_of(pairs, len(tokens))
    shape = f"{len(tokens):,} of {tokens.shape[1]}"
    exact = quality(truth, truth, pairs, similarities, threshold)
    print_line(shape, f"brute force ({len(pairs):,} pairs)", exact, started.elapsed())
    texts, place = directory / "texts", directory / "datatrove"
    write_texts(tokens, texts)
    ours = choose_bands(threshold)
    hashes = DATASKETCH_HASHES
    runs: dict[str, Callable[[], Labels]] = {
        "ours, first time": lambda: our_labels(spark, data, threshold, MOST_TOKENS_ON_DRIVER),
        "ours, again": lambda: our_labels(spark, data, threshold, MOST_TOKENS_ON_DRIVER),
        "ours, in Spark's tasks, first time": lambda: our_labels(spark, data, threshold, 0),
        "ours, in Spark's tasks, again": lambda: our_labels(spark, data, threshold, 0),
        "ours, in memory, without Spark": lambda: in_memory_labels(tokens, threshold),
        f"datasketch, {hashes} hashes, its own bands": lambda: datasketch_labels(tokens, threshold, hashes, None),
        f"datasketch, our {name(ours)}": lambda: datasketch_labels(tokens, threshold, ours.bands * ours.rows, ours),
        f"datatrove, its {name(DATATROVE_BANDS)}": lambda: datatrove_labels(texts, len(tokens), DATATROVE_BANDS, place),
        f"datatrove, our {name(ours)}": lambda: datatrove_labels(texts, len(tokens), ours, place),
    }
    for program, run in runs.items():
        started = Clock()
        labels = run()
        elapsed = started.elapsed()
        print_line(shape, program, quality(labels, truth, pairs, similarities, threshold), elapsed)


def our_labels(spark: SparkSession, data: Path, threshold: float, most_tokens_on_driver: int) -> Labels:
    """Return each sequence's cluster, computed with Spark from Parquet to Parquet."""
    output = data.with_name("ours")
    found = find_near_duplicates(spark.read.parquet(str(data)), threshold, NGRAM_TOKENS, most_tokens_on_driver)
    found.write.mode("overwrite").parquet(str(output))
    table = pq.read_table(output).sort_by("sequence_id")
    return np.asarray(table["near_duplicate_cluster"].combine_chunks())


def in_memory_labels(tokens: NDArray[np.int32], threshold: float) -> Labels:
    """Return each sequence's cluster, computed from array to array in one process."""
    rows, length = tokens.shape
    ragged = RaggedArray(tokens.ravel(), np.arange(rows + 1) * length)
    return near_duplicates_in_memory(ragged, threshold, NGRAM_TOKENS).clusters


def name(bands: Bands) -> str:
    """Return the name of the bands in the table."""
    return f"{bands.bands} bands of {bands.rows}"


def print_line(shape: str, program: str, found: Quality, elapsed: str) -> None:
    """Print one line of the table."""
    shares = " | ".join(f"{share:.4f}" for share in found[1:])
    print(f"| {shape} | {program} | {found.clusters:,} | {shares} | {elapsed} |", flush=True)


if __name__ == "__main__":
    main()
