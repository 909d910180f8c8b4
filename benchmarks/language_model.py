"""Evaluating a language model on a CPU: the whole job against the bare forward pass and the plain reference.

`python -m benchmarks.language_model --rows 8000 --directory DIR`, part of `make bench`, prints Markdown. The models
have Pythia's shapes and random weights, which take as much time as trained ones.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch

from benchmarks.measure import Measured, measure_command
from benchmarks.pythia_models import SHAPES, VOCABULARY_SIZE, make_model
from benchmarks.throughput import MEBIBYTE, PYTHIA_TOKENIZER, prepare
from filters.contract import RaggedArray
from filters.language_model.batching import cut_batches
from filters.language_model.loading import load_model
from filters.language_model.padding import pad_rows
from filters.language_model.questions import batch_tokens
from filters.ragged import ragged_from_lists, take_rows
from sample.paths import tokenizer_path as sample_tokenizer_path
from spark.session.project import PROJECT_DIRECTORY

FORWARD_ONLY = "likelihood,min_k,zlib_likelihood,first_choices"
PLAIN_SEQUENCES = 3


def main() -> None:
    """Run the job with and without decoding, the bare forward pass, and the plain reference; print a report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=4_000)
    parser.add_argument("--size", default="70m", choices=SHAPES)
    parser.add_argument("--directory", type=Path, default=Path(tempfile.gettempdir()) / "memorization-benchmark")
    arguments = parser.parse_args()
    arguments.directory.mkdir(parents=True, exist_ok=True)
    if torch.cuda.is_available():
        sys.exit("There is a GPU. Run python -m benchmarks.gpu")
    tokenizer = PYTHIA_TOKENIZER if PYTHIA_TOKENIZER.is_file() else sample_tokenizer_path()
    data = prepare(arguments.directory, arguments.rows, tokenizer)
    model = make_model(arguments.directory / f"model-{arguments.size}", SHAPES[arguments.size])
    tokens = ragged_from_lists(pq.read_table(data, columns=["tokens"])["tokens"].combine_chunks())
    print(f"Pythia-{arguments.size}, {arguments.rows:,} sequences, {os.cpu_count()} cores\n")
    print(
        "| what | sequences/s | tokens/s | share of the bare forward pass | peak memory, MiB |\n|---|---|---|---|---|"
    )
    bare = arguments.rows / bare_forward(model, tokens)
    line("bare forward pass over the same batches", bare, tokens, bare)
    for what, filters in (("the job, forward pass only", FORWARD_ONLY), ("the job, all of `model`", "model")):
        measured, seconds = run_job(arguments.directory, data, tokenizer, model, filters)
        line(what, arguments.rows / seconds, tokens, bare, measured)
        line(f"{what}, with Spark's start and end", arguments.rows / measured.seconds, tokens, bare)
    line("plain reference, float64, forward pass only", 1 / plain_reference(model, tokens), tokens, bare)


def line(what: str, speed: float, tokens: RaggedArray, bare: float, measured: Measured | None = None) -> None:
    """Print one line of the table."""
    width = len(tokens.values) / (len(tokens.offsets) - 1)
    memory = f"{measured.peak_bytes / MEBIBYTE:,.0f}" if measured else ""
    print(f"| {what} | {speed:,.2f} | {speed * width:,.0f} | {speed / bare:.3f} | {memory} |", flush=True)


def bare_forward(model: Path, tokens: RaggedArray) -> float:
    """Return the seconds of the forward pass alone: one process per core, each with one thread and a loaded model."""
    cores = os.cpu_count() or 1
    parts = np.array_split(np.arange(len(tokens.offsets) - 1), cores)
    context = multiprocessing.get_context("spawn")
    with context.Pool(cores) as pool:
        return max(pool.starmap(_forward, [(model, take_rows(tokens, part)) for part in parts]))


def _forward(directory: Path, tokens: RaggedArray) -> float:
    torch.set_num_threads(1)
    model = load_model(directory)
    lengths = np.diff(tokens.offsets)
    with torch.inference_mode():
        model(torch.zeros((1, 64), dtype=torch.int64), use_cache=False)
        started = time.perf_counter()
        for rows in cut_batches(lengths, batch_tokens(model, VOCABULARY_SIZE)):
            model(torch.from_numpy(pad_rows(tokens, rows)[0]), use_cache=False)
        return time.perf_counter() - started


def run_job(directory: Path, data: Path, tokenizer: Path, model: Path, filters: str) -> tuple[Measured, float]:
    """Run the program as a user does; return its measurements, and the seconds of its job (load, evaluate, write)."""
    output = directory / "output"
    shutil.rmtree(output, ignore_errors=True)
    command = [sys.executable, str(PROJECT_DIRECTORY / "calculate_metrics.py"), "--datasets", str(data)]
    command += ["--tokenizer", str(tokenizer), "--output_dir", str(output), "--run_id", "benchmark"]
    command += ["--model", str(model), "--filters", filters]
    measured = measure_command(command, directory / "job.log")
    (table,) = json.loads((output / "benchmark" / "run.json").read_text())["tables"]
    return measured, table["seconds"]


def plain_reference(directory: Path, tokens: RaggedArray) -> float:
    """Return the seconds per sequence: one sequence at a time, in float64, one forward pass per position."""
    model = load_model(directory, dtype=torch.float64)
    started = time.perf_counter()
    with torch.inference_mode():
        for row in np.split(tokens.values, tokens.offsets[1:-1])[:PLAIN_SEQUENCES]:
            for position in range(1, len(row)):
                logits = model(torch.tensor([row[:position].tolist()])).logits[0, -1]
                logits.log_softmax(-1)[row[position]].item()
    return (time.perf_counter() - started) / PLAIN_SEQUENCES


if __name__ == "__main__":
    main()
