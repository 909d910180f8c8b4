"""Train the classifier of code against natural language, and write its weights and a record of the training.

    python -m tools.code_or_natural_language.train
    python -m tools.code_or_natural_language.train --scale 0.1 --output /tmp/trial.npz
    python -m tools.code_or_natural_language.train --judge LABELLED.parquet --half 0

The text comes from this machine (sources and documentation of installed software) and from the rules in `rules/`. The
same machine and seed give the same weights. Labelled sequences are never used for training; `--judge` classifies them
with the committed weights.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filters.code_or_natural_language.filter import WEIGHTS_FILE, natural_language_scores
from filters.code_or_natural_language.kernel import SLOTS
from tools.code_or_natural_language import logistic
from tools.code_or_natural_language.collect import CALIBRATE, TRAIN, VALIDATE, balanced, collect
from tools.code_or_natural_language.report import held_out_figures, labelled_figures, read_labelled
from tools.code_or_natural_language.windows import CODE_SHARE, DISPUTED_SHARES, Windows

SEED = 20240229
EPOCHS = 4
LEARNING_RATE = 0.3
WEIGHT_DECAY = 1e-5
DROPPED_SHARE = 0.3
LARGEST_FILE = 1_000_000


def train(windows: Windows) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the arrays of the weights file, and the record of losses and held-out figures."""
    training = windows.of(windows.splits == TRAIN)
    weights, bias, losses = logistic.train(
        training.texts, training.is_natural, EPOCHS, LEARNING_RATE, WEIGHT_DECAY, DROPPED_SHARE, SEED
    )
    quantised, factor = logistic.quantise(weights)
    restored = quantised.astype(np.float32) * np.float32(factor)
    calibrating = windows.of(windows.splits == CALIBRATE)
    found = logistic.logits(calibrating.texts.values, calibrating.texts.offsets, restored, bias)
    slope, intercept = logistic.calibrate(found, calibrating.is_natural)
    validating = windows.of(windows.splits == VALIDATE)
    found = logistic.logits(validating.texts.values, validating.texts.offsets, restored, bias)
    p = 1 / (1 + np.exp(-(slope * found + intercept)))
    contents = {
        "weights": quantised,
        "scale": np.float64(slope * factor),
        "bias": np.float64(slope * bias + intercept),
    }
    record = {
        "windows": {"trained": len(training.is_natural), "calibrated": len(calibrating.is_natural)},
        "log_loss_of_each_epoch": [round(loss, 4) for loss in losses],
        "calibration": {"slope": round(slope, 4), "intercept": round(intercept, 4)},
        "held_out": held_out_figures(p, validating),
    }
    return {name: np.asarray(value) for name, value in contents.items()}, record


def made_of(windows: Windows, documents: dict[str, int]) -> dict[str, Any]:
    """Return by kind: the documents, their windows, and the share of windows that is natural language."""
    return {
        kind: {
            "documents": documents.get(kind, 0),
            "windows": int((windows.kinds == kind).sum()),
            "natural_language": round(float(windows.is_natural[windows.kinds == kind].mean()), 3),
        }
        for kind in sorted(set(windows.kinds.tolist()))
    }


def main(arguments: list[str]) -> None:
    """Train and write the weights, or judge labelled sequences."""
    parser = argparse.ArgumentParser(description="Train the classifier of code against natural language.")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the usual number of windows")
    parser.add_argument("--output", type=Path, default=WEIGHTS_FILE, help="the .npz to write, with a .json beside it")
    parser.add_argument("--judge", type=Path, help="judge these labelled sequences instead of training")
    parser.add_argument("--half", type=int, choices=(0, 1), help="judge only this half of the labelled sequences")
    options = parser.parse_args(arguments)
    if options.judge:
        text, categories, halves = read_labelled(options.judge)
        chosen = np.ones(len(halves), np.bool_) if options.half is None else halves == options.half
        print(json.dumps(labelled_figures(natural_language_scores(text)[chosen], categories[chosen]), indent=1))
        return
    rng = np.random.default_rng(SEED)
    windows, documents = collect(options.scale, rng)
    sources = made_of(windows, documents)
    contents, record = train(balanced(windows, rng))
    made = {
        "command": "python -m tools.code_or_natural_language.train " + " ".join(arguments),
        "seed": SEED,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "slots": SLOTS,
        "a_window_is_code_from_this_share_of_code": CODE_SHARE,
        "windows_of_one_file_left_out_between_these_shares": DISPUTED_SHARES,
        **record,
        "sources": sources,
    }
    np.savez_compressed(options.output, **contents)  # type: ignore[arg-type]
    options.output.with_suffix(".json").write_text(json.dumps(made, indent=1) + "\n", "utf-8")
    print(json.dumps(made, indent=1))
    if options.output.stat().st_size > LARGEST_FILE:
        sys.exit(f"Expected weights of at most {LARGEST_FILE} bytes, found {options.output.stat().st_size}.")


if __name__ == "__main__":
    main(sys.argv[1:])
