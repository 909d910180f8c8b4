"""Evaluate the sample's language models, and write memories, random samples and perplexities.

    python -m sample.ask_models     takes some minutes

The memories of a model are the sequences of its corpus that it gives back word for word.
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
CARD_NOTE = "Asked by `sample/ask_models.py`; see `sample/README.md`."  # in the committed dataset cards

Ids = NDArray[np.int64]
Evaluations = Mapping[tuple[str, str], pa.Table]  # by scheme and model


def evaluate_models(corpora: Mapping[str, Corpus], output: Path) -> Evaluations:
    """Return for each model a table of all sequences of its corpus: id, perplexities, and whether it is extractable."""
    evaluations = {}
    for scheme in SCHEMES:
        corpus = corpora[scheme]
        sequences = pa.table({"sequence_id": corpus.sequence_ids, "tokens": token_lists(corpus.tokens)})
        for model in MODELS:
            directory = model_directory(scheme, model, output)
            found = apply_filters(sequences, filters=("likelihood", "first_choices"), language_model=directory)
            evaluations[scheme, model] = found
            print(f"{scheme}.{model}: {len(memorized(found)):,} of {len(found):,} sequences memorized", flush=True)
    return evaluations


def memorized(evaluation: pa.Table) -> Ids:
    """Return the ids of the extractable sequences."""
    ids: Ids = evaluation["sequence_id"].filter(evaluation["is_extractable"]).to_numpy()
    return ids


def sampled_sequences(corpus: Corpus, scheme: str) -> Ids:
    """Return the sorted ids of a seeded random sample of the scheme's corpus."""
    number = min(PILE_ROWS, len(corpus.rows) // 2)
    positions = sorted(Random(f"{SEED}/pile/{scheme}").sample(range(len(corpus.rows)), number))
    return corpus.sequence_ids[positions]


def write_memories(output: Path, corpora: Mapping[str, Corpus], evaluations: Evaluations) -> None:
    """Write the sequences that each model memorized from its corpus."""
    splits = {}
    for (scheme, model), found in evaluations.items():
        ids = memorized(found)
        splits[f"{scheme}.{model}"] = pa.table({"index": ids, "tokens": _tokens_of(corpora[scheme], ids)})
    write_dataset(memories_directory(output), splits, f"Laid out as `EleutherAI/pythia-memorized-evals`. {CARD_NOTE}")


def write_random_samples(output: Path, corpora: Mapping[str, Corpus]) -> None:
    """Write a random sample of each scheme, with the memorization scores of each model."""
    for scheme, corpus in corpora.items():
        ids = sampled_sequences(corpus, scheme)
        columns = {"Index": ids, "Tokens": _tokens_of(corpus, ids)}
        sequences = pa.table({"tokens": columns["Tokens"]})
        for model in MODELS:
            directory = model_directory(scheme, model, output)
            found = apply_filters(sequences, filters=("greedy_decoding",), language_model=directory)
            columns[model.upper()] = found["memorization_score"].combine_chunks()
        name = f"EleutherAI/pile-{scheme}-pythia-random-sampled"
        card = f"Laid out as `{name}`. {CARD_NOTE}"
        write_dataset(pile_directory(scheme, output), {"train": pa.table(columns)}, card)


def write_perplexities(output: Path, corpora: Mapping[str, Corpus], evaluations: Evaluations) -> None:
    """Write the perplexities of the memorized and of the sampled sequences."""
    perplexities: dict[str, pa.Table] = {}
    for (scheme, model), found in evaluations.items():
        ids = (sampled_sequences(corpora[scheme], scheme), memorized(found))
        perplexities[f"{scheme}.{model}"] = perplexity_table(found, ids)
    write_dataset(feature_directory("perplexities", "", output), perplexities, CARD_NOTE)


def _tokens_of(corpus: Corpus, sequence_ids: Ids) -> pa.ListArray:
    return token_lists(corpus.tokens[np.searchsorted(corpus.sequence_ids, sequence_ids)])


def main() -> None:
    """Evaluate the models and write the results."""
    parser = argparse.ArgumentParser(description="Evaluate the sample's language models.")
    parser.add_argument("--output", type=Path, default=SAMPLE_DIR, help="directory of the sample and its models")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the texts that the sample was made with")
    arguments = parser.parse_args()
    made = make(arguments.scale)
    evaluations = evaluate_models(made.corpora, arguments.output)
    write_memories(arguments.output, made.corpora, evaluations)
    write_random_samples(arguments.output, made.corpora)
    write_perplexities(arguments.output, made.corpora, evaluations)


if __name__ == "__main__":
    main()
