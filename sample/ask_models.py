"""Asks the sample's language models, and writes what follows from what they say.

    python -m sample.ask_models     memories, random samples, perplexities

The memories are the sequences of its corpus that a model gives back word for word. It takes some minutes.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters import apply_filters
from sample.corpus import Corpus
from sample.feature_tables import perplexity_table
from sample.layout import token_lists, write_dataset
from sample.make_sample import make
from sample.paths import (
    MODELS,
    SAMPLE_DIR,
    SCHEMES,
    feature_directory,
    memories_directory,
    model_directory,
    pile_directory,
)
from sample.recipe import SEED

PILE_ROWS = 4000
ASKED = "Asked by `sample/ask_models.py`; see `sample/README.md`."

Ids = NDArray[np.int64]
Asked = Mapping[tuple[str, str], pa.Table]  # by scheme and model


def ask(corpora: Mapping[str, Corpus], output: Path) -> Asked:
    """What each model says of every sequence of its corpus: its id, perplexities, and whether it is extractable."""
    asked = {}
    for scheme in SCHEMES:
        corpus = corpora[scheme]
        sequences = pa.table({"sequence_id": corpus.sequence_ids, "tokens": token_lists(corpus.tokens)})
        for model in MODELS:
            directory = model_directory(scheme, model, output)
            found = apply_filters(sequences, filters=("likelihood", "first_choices"), language_model=directory)
            asked[scheme, model] = found
            print(f"{scheme}.{model}: {len(memorized(found)):,} of {len(found):,} sequences memorized", flush=True)
    return asked


def memorized(asked: pa.Table) -> Ids:
    """The ids of the sequences whose continuation the model gives back whole."""
    ids: Ids = asked["sequence_id"].filter(asked["is_extractable"]).to_numpy()
    return ids


def sampled_sequences(corpus: Corpus, scheme: str) -> Ids:
    """The ids of a seeded random sample of the scheme's corpus, sorted."""
    number = min(PILE_ROWS, len(corpus.rows) // 2)
    positions = sorted(Random(f"{SEED}/pile/{scheme}").sample(range(len(corpus.rows)), number))
    return corpus.sequence_ids[positions]


def write_memories(output: Path, corpora: Mapping[str, Corpus], asked: Asked) -> None:
    """The sequences that each model has memorized of its corpus."""
    splits = {}
    for (scheme, model), found in asked.items():
        ids = memorized(found)
        splits[f"{scheme}.{model}"] = pa.table({"index": ids, "tokens": _tokens_of(corpora[scheme], ids)})
    write_dataset(memories_directory(output), splits, f"Laid out as `EleutherAI/pythia-memorized-evals`. {ASKED}")


def write_random_samples(output: Path, corpora: Mapping[str, Corpus]) -> None:
    """A random sample of each scheme with the memorization score of each model."""
    for scheme, corpus in corpora.items():
        ids = sampled_sequences(corpus, scheme)
        columns = {"Index": ids, "Tokens": _tokens_of(corpus, ids)}
        sequences = pa.table({"tokens": columns["Tokens"]})
        for model in MODELS:
            directory = model_directory(scheme, model, output)
            found = apply_filters(sequences, filters=("greedy_decoding",), language_model=directory)
            columns[model.upper()] = found["memorization_score"].combine_chunks()
        name = f"EleutherAI/pile-{scheme}-pythia-random-sampled"
        write_dataset(pile_directory(scheme, output), {"train": pa.table(columns)}, f"Laid out as `{name}`. {ASKED}")


def write_perplexities(output: Path, corpora: Mapping[str, Corpus], asked: Asked) -> None:
    """The perplexities of the sequences that were memorized or sampled."""
    perplexities: dict[str, pa.Table] = {}
    for (scheme, model), found in asked.items():
        ids = (sampled_sequences(corpora[scheme], scheme), memorized(found))
        perplexities[f"{scheme}.{model}"] = perplexity_table(found, ids)
    write_dataset(feature_directory("perplexities", "", output), perplexities, ASKED)


def _tokens_of(corpus: Corpus, sequence_ids: Ids) -> pa.ListArray:
    return token_lists(corpus.tokens[np.searchsorted(corpus.sequence_ids, sequence_ids)])


def main() -> None:
    """Reads the command line, asks and writes."""
    parser = argparse.ArgumentParser(description="Ask the sample's language models.")
    parser.add_argument("--output", type=Path, default=SAMPLE_DIR, help="where the sample lies, with its models")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the texts that it was made of")
    arguments = parser.parse_args()
    made = make(arguments.scale)
    asked = ask(made.corpora, arguments.output)
    write_memories(arguments.output, made.corpora, asked)
    write_random_samples(arguments.output, made.corpora)
    write_perplexities(arguments.output, made.corpora, asked)


if __name__ == "__main__":
    main()
