"""Quality of the classifier on held-out windows, and on labelled sequences that it never trains on."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from filters.contract import RaggedArray
from filters.ragged import ragged_from_strings
from tools.code_or_natural_language.windows import Windows

CALIBRATION_BINS = 15
_SHORT, _LONG = 64, 200


def expected_calibration_error(p: NDArray[np.float64], is_natural: NDArray[np.bool_]) -> float:
    """Return the mean gap of probability and frequency over equal-width bins, weighted by count (Guo et al. 2017)."""
    bin_of = np.minimum((p * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = [abs((p - is_natural)[bin_of == b].sum()) for b in range(CALIBRATION_BINS)]
    return float(sum(gaps) / max(1, len(p)))


def precision_recall_f1(predicted: NDArray[np.bool_], actual: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Return precision, recall and F1 of the positive class; 0 if nothing is found."""
    hits = float((predicted & actual).sum())
    precision = hits / max(1.0, float(predicted.sum()))
    recall = hits / max(1.0, float(actual.sum()))
    return precision, recall, 2 * precision * recall / max(1e-12, precision + recall)


def figures(p: NDArray[np.float64], is_natural: NDArray[np.bool_]) -> dict[str, float]:
    """Return rows, F1 with either class as the positive one, accuracy and calibration error, rounded to 4 digits."""
    predicted = p >= 0.5
    found = {
        "rows": float(len(p)),
        "code_f1": precision_recall_f1(~predicted, ~is_natural)[2],
        "natural_language_f1": precision_recall_f1(predicted, is_natural)[2],
        "accuracy": float((predicted == is_natural).mean()) if len(p) else 0.0,
        "expected_calibration_error": expected_calibration_error(p, is_natural),
    }
    return {name: round(value, 4) for name, value in found.items()}


def held_out_figures(p: NDArray[np.float64], windows: Windows) -> dict[str, Any]:
    """Return the figures of all windows, of windows of the machine's files, by length in bytes, and errors by kind."""
    lengths = np.diff(windows.texts.offsets)
    parts = {
        "all": np.ones(len(p), np.bool_),
        "files found on the machine": ~np.char.startswith(windows.kinds, "generated"),
        f"under {_SHORT} bytes": lengths < _SHORT,
        f"{_SHORT} to {_LONG} bytes": (lengths >= _SHORT) & (lengths < _LONG),
        f"from {_LONG} bytes": lengths >= _LONG,
    }
    wrong = (p >= 0.5) != windows.is_natural
    return {
        **{name: figures(p[part], windows.is_natural[part]) for name, part in parts.items()},
        "share_wrong_by_kind": {
            str(kind): round(float(wrong[windows.kinds == kind].mean()), 4) for kind in np.unique(windows.kinds)
        },
    }


def read_labelled(path: Path) -> tuple[RaggedArray, NDArray[np.str_], NDArray[np.int64]]:
    """Return texts, categories, and the half (0 or 1) of each row, chosen by the CRC-32 of its sequence_id."""
    table = pq.read_table(path, columns=["sequence_id", "text", "category"])
    halves = [zlib.crc32(str(i).encode()) % 2 for i in table["sequence_id"].to_pylist()]
    text = ragged_from_strings(pc.cast(table["text"].combine_chunks(), pa.string()))
    return text, np.array(table["category"].to_pylist()), np.array(halves)


def labelled_figures(p: NDArray[np.float64], categories: NDArray[np.str_]) -> dict[str, Any]:
    """Return the figures of rows labelled code or nl, the same with code+nl as either class, and shares by category."""
    plain = np.isin(categories, ("code", "nl"))
    either = np.isin(categories, ("code", "nl", "code+nl"))
    return {
        "code against nl": figures(p[plain], categories[plain] == "nl"),
        "code and code+nl against nl": figures(p[either], categories[either] == "nl"),
        "code against nl and code+nl": figures(p[either], categories[either] != "code"),
        "share_judged_natural_language": {
            str(category): round(float((p[categories == category] >= 0.5).mean()), 3)
            for category in np.unique(categories)
        },
    }
