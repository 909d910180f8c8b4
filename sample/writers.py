"""The parts of the sample, written to their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sample.corpus import Corpus
from sample.feature_tables import duplicate_table, frequency_tables, perplexity_table, semantic_tables
from sample.layout import write_dataset, write_table
from sample.memorization import perplexities
from sample.paths import MODELS, corpus_path, feature_directory, memories_directory, pile_directory, truth_path
from sample.recipe import SEED
from sample.rows import Row
from sample.semantic import semantic_duplicates
from sample.texts.document import Document
from sample.truth import truth_table

_PILE_ROWS = 4000
_MADE = "Made by `sample/make_sample.py`; see `sample/README.md`."


class Made(NamedTuple):
    """Everything that is written: rows with the document that each comes from, corpora, and memorization scores.

    corpora: by scheme. scores: by scheme and model, one for each sequence of the scheme's corpus.
    """

    tokenizer: Tokenizer
    rows: Sequence[Row]
    documents: Sequence[Document]
    corpora: Mapping[str, Corpus]
    scores: Mapping[tuple[str, str], NDArray[np.float64]]


def _token_lists(tokens: NDArray[np.int32], item: type[np.integer] = np.int64) -> pa.ListArray:
    offsets = np.arange(len(tokens) + 1, dtype=np.int32) * tokens.shape[1]
    return pa.ListArray.from_arrays(offsets, tokens.ravel().astype(item))


def memorized_sequences(made: Made, scheme: str, model: str) -> NDArray[np.int64]:
    """The ids of the sequences whose continuation the model gives back whole."""
    return made.corpora[scheme].sequence_ids[made.scores[scheme, model] == 1.0]


def sampled_sequences(made: Made, scheme: str) -> NDArray[np.int64]:
    """The ids of a seeded random sample of the scheme's corpus, sorted."""
    corpus = made.corpora[scheme]
    number = min(_PILE_ROWS, len(corpus.rows) // 2)
    positions = sorted(Random(f"{SEED}/pile/{scheme}").sample(range(len(corpus.rows)), number))
    return corpus.sequence_ids[positions]


def write_corpora(output: Path, made: Made) -> None:
    """The training corpus of each scheme."""
    for scheme, corpus in made.corpora.items():
        columns = {"sequence_id": corpus.sequence_ids, "tokens": _token_lists(corpus.tokens, np.int32)}
        write_table(corpus_path(scheme, output), pa.table(columns))


def write_memories(output: Path, made: Made) -> None:
    """The sequences that each model has memorized of each scheme."""
    splits = {}
    for scheme, model in made.scores:
        corpus, ids = made.corpora[scheme], memorized_sequences(made, scheme, model)
        tokens = _token_lists(corpus.tokens[np.searchsorted(corpus.sequence_ids, ids)])
        splits[f"{scheme}.{model}"] = pa.table({"index": ids, "tokens": tokens})
    write_dataset(memories_directory(output), splits, f"Laid out as `EleutherAI/pythia-memorized-evals`. {_MADE}")


def write_random_samples(output: Path, made: Made) -> None:
    """A random sample of each scheme with the memorization score of each model size."""
    for scheme, corpus in made.corpora.items():
        ids = sampled_sequences(made, scheme)
        positions = np.searchsorted(corpus.sequence_ids, ids)
        columns = {"Index": ids, "Tokens": _token_lists(corpus.tokens[positions])}
        columns |= {model.upper(): made.scores[scheme, model][positions] for model in MODELS}
        name = f"EleutherAI/pile-{scheme}-pythia-random-sampled"
        write_dataset(pile_directory(scheme, output), {"train": pa.table(columns)}, f"Laid out as `{name}`. {_MADE}")


def write_counted_features(output: Path, made: Made) -> None:
    """What can be counted in the corpus: the duplicates of continuations, and the frequencies of tokens."""
    duplicates = {scheme: duplicate_table(corpus) for scheme, corpus in made.corpora.items()}
    directory = feature_directory("generation-num-duplicates", "", output)
    write_dataset(directory, duplicates, f"Laid out as `usvsnsp/generation-num-duplicates`. {_MADE}")
    for scheme, corpus in made.corpora.items():
        tables = frequency_tables(corpus, made.scores[scheme, MODELS[-1]] == 1.0)
        description = f"Laid out as `usvsnsp/{scheme}-num-frequencies`; memorized by {MODELS[-1]}. {_MADE}"
        write_dataset(feature_directory("num-frequencies", scheme, output), tables, description)


def write_known_features(output: Path, made: Made) -> None:
    """What would need an embedding or a model, from the script's own truth: semantic duplicates and perplexities."""
    semantic: dict[str, pa.Table] = {}
    perplexity: dict[str, pa.Table] = {}
    for scheme, corpus in made.corpora.items():
        found = semantic_duplicates(corpus, made.rows, made.documents, made.tokenizer)
        sampled = sampled_sequences(made, scheme)
        memorized = {model: memorized_sequences(made, scheme, model) for model in MODELS}
        ids = {scheme: sampled} | {f"{scheme}_{model}": memorized[model] for model in MODELS}
        semantic |= semantic_tables(corpus, found, ids)
        for model in MODELS:
            values = perplexities(corpus, made.documents, model, made.scores[scheme, model])
            perplexity[f"{scheme}.{model}"] = perplexity_table(corpus, values, (sampled, memorized[model]))
    directory = feature_directory("semantic-duplicates", "", output)
    write_dataset(directory, semantic, f"Laid out as `usvsnsp/semantic-duplicates`. {_MADE}")
    write_dataset(feature_directory("perplexities", "", output), perplexity, f"Invented, not computed. {_MADE}")


def write_truth(output: Path, made: Made) -> None:
    """What the script knows of every sequence."""
    write_table(truth_path(output), truth_table(made.corpora, made.rows, made.documents, made.scores))
