"""Near duplicates against datasketch and datatrove: clusters, recall, precision and seconds on the same data.

    python -m benchmarks.near_duplicates --shapes 20000x64,20000x500 --directory DIR

Part of `make bench`, which sets up what it needs besides (requirements-bench.txt); a report in Markdown.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyspark.sql import SparkSession

from benchmarks.near_duplicates_data import NGRAM_TOKENS, planted_sequences, true_pairs, write_sequences
from benchmarks.near_duplicates_others import WORKERS, datasketch_labels, datatrove_labels, write_texts
from features.near_duplicates.bands import JACCARD_THRESHOLD, Bands, choose_bands
from features.near_duplicates.components import connected_components
from features.near_duplicates.in_memory import near_duplicates_in_memory
from filters.contract import RaggedArray
from spark.corpus.near_duplicates.counting import MOST_TOKENS_ON_DRIVER, find_near_duplicates
from spark.runs.run_directory import logs_of
from spark.runs.run_record import versions
from spark.session.spark_session import start_session, stop_session

Labels = NDArray[np.int64]
DATASKETCH_HASHES = 128  # its default
DATATROVE_BANDS = Bands(14, 8)  # its default
AT_THRESHOLD = 0.05  # pairs so little above the threshold are at it


class Quality(NamedTuple):
    """How clusters agree with the truth.

    clusters: of two sequences or more. recall: of the truly similar pairs, the share that is in one cluster;
    recall_at_threshold: of those hardly above it; precision: of the pairs in one cluster, those in one true cluster.
    """

    clusters: int
    recall: float
    recall_at_threshold: float
    precision: float


class Clock:
    """Counts from when it is made: seconds, and CPU seconds of this process and all that it starts."""

    def __init__(self) -> None:
        self.started, self.cpu_before = time.monotonic(), _cpu_seconds()

    def elapsed(self) -> str:
        """Two cells of the table."""
        return f"{time.monotonic() - self.started:.1f} | {_cpu_seconds() - self.cpu_before:.1f}"


def _cpu_seconds() -> float:
    # Of a process that has ended its parent's times of children tell.
    processes = (psutil.Process(), *psutil.Process().children(recursive=True))
    return sum(sum(process.cpu_times()[:4]) for process in processes)


def main() -> None:
    """Runs everybody on each shape of data; prints a report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", default="20000x64,200000x64,20000x500", help="sequences x tokens")
    parser.add_argument("--directory", type=Path, default=Path(tempfile.gettempdir()) / "near-duplicates-benchmark")
    parser.add_argument("--threshold", type=float, default=JACCARD_THRESHOLD)
    arguments = parser.parse_args()
    arguments.directory.mkdir(parents=True, exist_ok=True)
    found = versions() | {name: version(name) for name in ("datasketch", "datatrove", "xxhash")}
    print(f"Versions: {json.dumps(found)}; datatrove with {WORKERS} processes\n", flush=True)
    print("| sequences | who | clusters | recall | recall at the threshold | precision | seconds | CPU s |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    started = Clock()
    spark = start_session("near duplicates", logs_of(arguments.directory, arguments.directory))
    print(f"| | (Spark's start) | | | | | {started.elapsed()} |", flush=True)
    for shape in arguments.shapes.split(","):
        rows, length = map(int, shape.split("x"))
        compare(spark, planted_sequences(rows, length), arguments.threshold, arguments.directory)
    stop_session(spark)


def compare(spark: SparkSession, tokens: NDArray[np.int32], threshold: float, directory: Path) -> None:
    """The lines of the table about one set of sequences."""
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
    for who, run in runs.items():
        started = Clock()
        labels = run()
        elapsed = started.elapsed()
        print_line(shape, who, quality(labels, truth, pairs, similarities, threshold), elapsed)


def our_labels(spark: SparkSession, data: Path, threshold: float, most_tokens_on_driver: int) -> Labels:
    """Each sequence's cluster, from Parquet to Parquet."""
    output = data.with_name("ours")
    found = find_near_duplicates(spark.read.parquet(str(data)), threshold, NGRAM_TOKENS, most_tokens_on_driver)
    found.write.mode("overwrite").parquet(str(output))
    table = pq.read_table(output).sort_by("sequence_id")
    return np.asarray(table["near_duplicate_cluster"].combine_chunks())


def in_memory_labels(tokens: NDArray[np.int32], threshold: float) -> Labels:
    """Each sequence's cluster, from array to array, in one process."""
    rows, length = tokens.shape
    ragged = RaggedArray(tokens.ravel(), np.arange(rows + 1) * length)
    return near_duplicates_in_memory(ragged, threshold, NGRAM_TOKENS).clusters


def name(bands: Bands) -> str:
    """How bands are called in the table."""
    return f"{bands.bands} bands of {bands.rows}"


def labels_of(pairs: NDArray[np.int64], rows: int) -> Labels:
    """Each sequence's cluster, from the pairs of a graph."""
    labels = np.arange(rows)
    vertices, clusters = connected_components(pairs)
    labels[vertices] = clusters
    return labels


def quality(
    labels: Labels, truth: Labels, pairs: NDArray[np.int64], similarities: NDArray[np.float64], threshold: float
) -> Quality:
    """How clusters agree with the true pairs and the clusters of these; labels and truth: one number a sequence."""
    is_found = labels[pairs[:, 0]] == labels[pairs[:, 1]]
    both = np.unique(np.column_stack([labels, truth]), axis=0, return_counts=True)[1]
    sizes = np.unique(labels, return_counts=True)[1]
    at_threshold = similarities < threshold + AT_THRESHOLD
    return Quality(
        int((sizes > 1).sum()),
        float(is_found.mean()),
        float(is_found[at_threshold].mean()),
        float((both * (both - 1)).sum() / max(1, (sizes * (sizes - 1)).sum())),
    )


def print_line(shape: str, who: str, found: Quality, elapsed: str) -> None:
    """One line of the table."""
    shares = " | ".join(f"{share:.4f}" for share in found[1:])
    print(f"| {shape} | {who} | {found.clusters:,} | {shares} | {elapsed} |", flush=True)


if __name__ == "__main__":
    main()
