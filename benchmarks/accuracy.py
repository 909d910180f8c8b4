"""Precision, recall and F1 of the filters: on the sample, with its known truth, and on labelled real text.

`make accuracy`, or `python -m benchmarks.accuracy --labelled DIRECTORY`. The directory has the file
`labelled_sequences.parquet` (columns `text` and `category`) and the `tokenizer.json` of the text.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from filters import apply_filters
from sample.paths import corpus_path, tokenizer_path, truth_path

FILTERS = ("repetition", "incrementing", "code_or_natural_language")
Booleans = NDArray[np.bool_]


class Agreement(NamedTuple):
    """Agreement of a filter with the truth: rows, and precision, recall and F1 in [0, 1]."""

    what: str
    rows: int
    positives: int
    precision: float
    recall: float
    f1: float


def agreement(what: str, truth: Booleans, found: Booleans) -> Agreement:
    """Return the agreement of a filter's values with the truth; both bool, shape (rows,)."""
    both = int((truth & found).sum())
    precision = both / found.sum() if found.any() else 0.0
    recall = both / truth.sum() if truth.any() else 0.0
    f1 = 2 * both / (truth.sum() + found.sum()) if both else 0.0
    return Agreement(what, len(truth), int(truth.sum()), precision, recall, f1)


def on_the_sample() -> Iterator[Agreement]:
    """Yield the agreement of each filter on the different sequences of the sample's corpus."""
    truth = pq.read_table(truth_path())
    tokens = pq.read_table(corpus_path("duped"))["tokens"].combine_chunks()
    first_of_equal = np.unique([bytes(pa.array(row).buffers()[1]) for row in tokens.to_pylist()], return_index=True)[1]
    truth = truth.take(first_of_equal)
    measured = apply_filters(pa.table({"tokens": tokens.take(pa.array(first_of_equal))}), tokenizer_path(), FILTERS)
    for name in ("is_repeating", "is_incrementing", "is_code"):
        known = np.asarray(truth[name].is_valid())
        yield agreement(name, _booleans(truth[name])[known], _booleans(measured[name])[known])


def on_labelled_text(directory: Path) -> Iterator[Agreement]:
    """Yield the agreement of each filter on text with categories labelled by a person."""
    labelled = pq.read_table(directory / "labelled_sequences.parquet")
    measured = apply_filters(labelled.select(["text"]), directory / "tokenizer.json", FILTERS)
    category = np.asarray(labelled["category"].to_pylist(), object)
    repeating, incrementing = _booleans(measured["is_repeating"]), _booleans(measured["is_incrementing"])
    is_repeating, is_incrementing = category == "pattern-repeating", category == "pattern-incrementing"
    yield agreement("is_repeating", is_repeating, repeating)
    yield agreement("is_incrementing", is_incrementing, incrementing)
    yield agreement("either of the two", is_repeating | is_incrementing, repeating | incrementing)
    is_code = _booleans(measured["is_code"])
    clear = np.isin(category, ["code", "nl"])
    yield agreement("is_code (code or nl)", category[clear] == "code", is_code[clear])
    yield agreement("natural language (code or nl)", category[clear] == "nl", ~is_code[clear])


def _booleans(column: pa.ChunkedArray) -> Booleans:
    return np.asarray(pc.fill_null(column, False).combine_chunks())


def _print(console: Console, title: str, rows: Iterator[Agreement]) -> None:
    table = Table(title=title, title_justify="left")
    for heading in Agreement._fields:
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for each in rows:
        table.add_row(each.what, f"{each.rows:,}", f"{each.positives:,}", *(f"{value:.3f}" for value in each[3:]))
    console.print(table)


def main() -> None:
    """Print a table for the sample, and one for the labelled text if it is on this machine."""
    parser = argparse.ArgumentParser(description="Precision, recall and F1 of the filters.")
    parser.add_argument("--labelled", type=Path, required=True, help="directory of the labelled text")
    directory = parser.parse_args().labelled
    console = Console()
    _print(console, "On the sample (different sequences)", on_the_sample())
    if (directory / "labelled_sequences.parquet").is_file():
        _print(console, "On labelled real text", on_labelled_text(directory))
    else:
        console.print(f"Skipped labelled text: found no labelled_sequences.parquet in {directory}.")


if __name__ == "__main__":
    main()
