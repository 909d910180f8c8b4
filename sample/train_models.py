"""Train the sample's four language models: two sizes on the corpora of both schemes, minutes each on two cores.

    python -m sample.train_models                                  all, into sample/data/models
    python -m sample.train_models --schemes duped --models 70m     one of them

Training is seeded, but another processor or number of threads adds numbers in another order, and so gives slightly
different weights. The committed weights are those that the sample's tables were made with.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch

from sample.language_models import SIZES, new_model, train
from sample.paths import MODELS, SAMPLE_DIR, SCHEMES, corpus_path, model_directory
from sample.rows import ROW_TOKENS


def train_models(directory: Path, schemes: list[str], models: list[str]) -> None:
    """Train and save the models of these schemes and sizes. directory: the sample, with its corpora."""
    for scheme in schemes:
        tokens = pq.read_table(corpus_path(scheme, directory))["tokens"].combine_chunks().values.to_numpy()
        rows = torch.from_numpy(tokens.reshape(-1, ROW_TOKENS).astype(np.int64))
        for name in models:
            model = new_model(SIZES[name])
            print(f"{scheme}.{name}: {model.num_parameters():,} weights, {len(rows):,} rows", flush=True)
            train(model, rows)
            model.half().save_pretrained(model_directory(scheme, name, directory))


def main() -> None:
    """Train the requested models."""
    parser = argparse.ArgumentParser(description="Train the sample's language models.")
    parser.add_argument("--directory", type=Path, default=SAMPLE_DIR, help="directory of the sample")
    parser.add_argument("--schemes", default=",".join(SCHEMES))
    parser.add_argument("--models", default=",".join(MODELS))
    arguments = parser.parse_args()
    train_models(arguments.directory, arguments.schemes.split(","), arguments.models.split(","))


if __name__ == "__main__":
    main()
