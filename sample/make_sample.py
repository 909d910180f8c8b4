"""Makes the embedded sample: texts, a tokenizer, a corpus, memories, random samples, feature tables, and the truth.

    python -m sample.make_sample                            # writes sample/data as it is committed
    python -m sample.make_sample --output DIR --scale 0.1   # a tenth of the texts, elsewhere

Everything is written by this script and seeded: the same script and libraries give the same tables.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sample.corpus import choose_copies, lay_out_corpora
from sample.memorization import memorization_scores
from sample.paths import MODELS, SAMPLE_DIR, SCHEMES
from sample.recipe import write_documents
from sample.rows import cut_rows
from sample.tokenizer import train_tokenizer, write_tokenizer
from sample.writers import (
    Made,
    write_corpora,
    write_counted_features,
    write_known_features,
    write_memories,
    write_random_samples,
    write_truth,
)


def make(scale: float = 1.0) -> Made:
    """The whole sample in memory."""
    texts = write_documents(scale)
    tokenizer = train_tokenizer(document.text for document in texts)
    rows = cut_rows(texts, tokenizer)
    documents = [texts[row.document] for row in rows]
    corpora = lay_out_corpora(rows, choose_copies(documents))
    scores = {
        (scheme, model): memorization_scores(corpora[scheme], documents, model)
        for scheme in SCHEMES
        for model in MODELS
    }
    return Made(tokenizer, rows, documents, corpora, scores)


def make_sample(output: Path = SAMPLE_DIR, scale: float = 1.0) -> None:
    """Makes the sample and writes all of it into `output`; at scale 0.1, of a tenth of the texts."""
    made = make(scale)
    write_tokenizer(output, made.tokenizer)
    write_corpora(output, made)
    write_memories(output, made)
    write_random_samples(output, made)
    write_counted_features(output, made)
    write_known_features(output, made)
    write_truth(output, made)


def main() -> None:
    """Reads the command line and makes the sample."""
    parser = argparse.ArgumentParser(description="Make the embedded sample.")
    parser.add_argument("--output", type=Path, default=SAMPLE_DIR, help="where to write it")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the texts to write")
    arguments = parser.parse_args()
    make_sample(arguments.output, arguments.scale)


if __name__ == "__main__":
    main()
