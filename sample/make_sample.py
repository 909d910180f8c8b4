"""Makes the embedded sample: texts, a tokenizer, a corpus, memories, random samples, feature tables, and the truth.

    python -m sample.make_sample                      # writes sample/data, as it is committed
    python -m sample.make_sample --output DIR --scale 0.1

Everything is written by this script and seeded: the same script and libraries give the same tables.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sample.corpus import Corpus, choose_copies, lay_out_corpora
from sample.feature_tables import duplicate_table, frequency_tables, perplexity_table, semantic_tables
from sample.layout import write_dataset, write_table
from sample.memorization import memorization_scores, perplexities
from sample.paths import (
    MODELS,
    SAMPLE_DIR,
    SCHEMES,
    corpus_path,
    feature_directory,
    memories_directory,
    pile_directory,
    tokenizer_path,
    truth_path,
)
from sample.recipe import SEED, write_documents
from sample.rows import Row, cut_rows
from sample.semantic import semantic_duplicates
from sample.texts.document import Document
from sample.tokenizer import train_tokenizer
from sample.truth import truth_table

_PILE_ROWS = 4000
_MADE = "Made by `sample/make_sample.py`; see `sample/README.md`."

Scores = Mapping[tuple[str, str], NDArray[np.float64]]
Ids = Mapping[str, NDArray[np.int64]]


def token_lists(tokens: NDArray[np.int32], item: type[np.generic] = np.int64) -> pa.ListArray:
    """The rows of a token matrix as an Arrow list column."""
    offsets = np.arange(len(tokens) + 1, dtype=np.int32) * tokens.shape[1]
    return pa.ListArray.from_arrays(offsets, tokens.ravel().astype(item))


def write_corpora(output: Path, corpora: Mapping[str, Corpus]) -> None:
    """The training corpus of each scheme."""
    for scheme, corpus in corpora.items():
        tokens = token_lists(corpus.tokens, np.int32)
        write_table(corpus_path(scheme, output), pa.table({"sequence_id": corpus.sequence_ids, "tokens": tokens}))


def write_memories(
    output: Path, corpora: Mapping[str, Corpus], scores: Scores
) -> dict[tuple[str, str], NDArray[np.int64]]:
    """The sequences that each model has memorized of each scheme, in a dataset of their own; gives back their ids."""
    splits, memorized_ids = {}, {}
    for (scheme, model), values in scores.items():
        memorized = values == 1.0
        ids = corpora[scheme].sequence_ids[memorized]
        splits[f"{scheme}.{model}"] = pa.table({"index": ids, "tokens": token_lists(corpora[scheme].tokens[memorized])})
        memorized_ids[scheme, model] = ids
    write_dataset(memories_directory(output), splits, f"Laid out as `EleutherAI/pythia-memorized-evals`. {_MADE}")
    return memorized_ids


def write_random_samples(output: Path, corpora: Mapping[str, Corpus], scores: Scores) -> dict[str, NDArray[np.int64]]:
    """A random sample of each scheme with the score of each model size; gives back its ids."""
    sampled_ids = {}
    for scheme, corpus in corpora.items():
        number = min(_PILE_ROWS, len(corpus.rows) // 2)
        positions = np.array(sorted(Random(f"{SEED}/pile/{scheme}").sample(range(len(corpus.rows)), number)))
        columns = {"Index": corpus.sequence_ids[positions], "Tokens": token_lists(corpus.tokens[positions])}
        columns |= {model.upper(): scores[scheme, model][positions] for model in MODELS}
        name = f"EleutherAI/pile-{scheme}-pythia-random-sampled"
        write_dataset(pile_directory(scheme, output), {"train": pa.table(columns)}, f"Laid out as `{name}`. {_MADE}")
        sampled_ids[scheme] = corpus.sequence_ids[positions]
    return sampled_ids


def write_counted_features(output: Path, corpora: Mapping[str, Corpus], scores: Scores) -> None:
    """What can be counted in the corpus: duplicates of continuations, and frequencies of tokens."""
    duplicates = {scheme: duplicate_table(corpus) for scheme, corpus in corpora.items()}
    directory = feature_directory("generation-num-duplicates", "", output)
    write_dataset(directory, duplicates, f"Laid out as `usvsnsp/generation-num-duplicates`. {_MADE}")
    for scheme, corpus in corpora.items():
        tables = frequency_tables(corpus, scores[scheme, MODELS[-1]] == 1.0)
        description = f"Laid out as `usvsnsp/{scheme}-num-frequencies`; memorized by {MODELS[-1]}. {_MADE}"
        write_dataset(feature_directory("num-frequencies", scheme, output), tables, description)


def write_known_features(
    output: Path,
    corpora: Mapping[str, Corpus],
    scores: Scores,
    memorized: Mapping[tuple[str, str], NDArray[np.int64]],
    sampled: Ids,
    rows: Sequence[Row],
    row_documents: Sequence[Document],
    tokenizer: Tokenizer,
) -> None:
    """What needs a model or an embedding, from the script's own truth: semantic duplicates and perplexities."""
    semantic, perplexity = {}, {}
    for scheme, corpus in corpora.items():
        found = semantic_duplicates(corpus, rows, row_documents, tokenizer)
        ids = {scheme: sampled[scheme]} | {f"{scheme}_{model}": memorized[scheme, model] for model in MODELS}
        semantic |= semantic_tables(corpus, found, ids)
        for model in MODELS:
            values = perplexities(corpus, row_documents, model, scores[scheme, model])
            known = (sampled[scheme], memorized[scheme, model])
            perplexity[f"{scheme}.{model}"] = perplexity_table(corpus, values, known)
    directory = feature_directory("semantic-duplicates", "", output)
    write_dataset(directory, semantic, f"Laid out as `usvsnsp/semantic-duplicates`. {_MADE}")
    write_dataset(feature_directory("perplexities", "", output), perplexity, f"Invented, not computed. {_MADE}")


def make_sample(output: Path, scale: float = 1.0) -> None:
    """Writes the whole sample into `output`."""
    documents = write_documents(scale)
    tokenizer = train_tokenizer(document.text for document in documents)
    rows = cut_rows(documents, tokenizer, Random(f"{SEED}/rows"))
    row_documents = [documents[row.document] for row in rows]
    corpora = lay_out_corpora(rows, choose_copies(rows, documents))
    scores = {
        (scheme, model): memorization_scores(corpora[scheme], row_documents, model)
        for scheme in SCHEMES
        for model in MODELS
    }
    tokenizer_path(output).parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(tokenizer_path(output)))
    write_corpora(output, corpora)
    memorized = write_memories(output, corpora, scores)
    sampled = write_random_samples(output, corpora, scores)
    write_counted_features(output, corpora, scores)
    write_known_features(output, corpora, scores, memorized, sampled, rows, row_documents, tokenizer)
    write_table(truth_path(output), truth_table(corpora, rows, documents, scores))


def main() -> None:
    """Reads the command line and makes the sample."""
    parser = argparse.ArgumentParser(description="Make the embedded sample.")
    parser.add_argument("--output", type=Path, default=SAMPLE_DIR, help="where to write it")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the texts to write")
    arguments = parser.parse_args()
    make_sample(arguments.output, arguments.scale)


if __name__ == "__main__":
    main()
