"""Make the embedded sample: texts, a tokenizer, the corpora, and the truth about them.

    python -m sample.make_sample                            # writes sample/data as it is committed
    python -m sample.make_sample --output DIR --scale 0.1   # a tenth of the texts, in another directory

Everything is generated from a seed: the same script and libraries give the same tables. The next steps are
`sample.train_models`, `sample.ask_models` and `sample.build_tables`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sample.corpus import choose_copies, make_corpora
from sample.paths import SAMPLE_DIR
from sample.recipe import write_documents
from sample.rows import cut_rows
from sample.tokenizer import train_tokenizer, write_tokenizer
from sample.writers import Made, write_corpora, write_truth


def make(scale: float = 1.0) -> Made:
    """Return the sample in memory. scale: share of the texts to write."""
    texts = write_documents(scale)
    tokenizer = train_tokenizer(document.text for document in texts)
    rows = cut_rows(texts, tokenizer)
    documents = [texts[row.document] for row in rows]
    return Made(tokenizer, rows, documents, make_corpora(rows, choose_copies(documents)))


def make_sample(output: Path = SAMPLE_DIR, scale: float = 1.0) -> None:
    """Make the sample and write it into `output`. scale: share of the texts to write."""
    made = make(scale)
    write_tokenizer(output, made.tokenizer)
    write_corpora(output, made)
    write_truth(output, made)


def main() -> None:
    """Make and write the sample."""
    parser = argparse.ArgumentParser(description="Make the embedded sample.")
    parser.add_argument("--output", type=Path, default=SAMPLE_DIR, help="directory to write to")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the texts to write")
    arguments = parser.parse_args()
    make_sample(arguments.output, arguments.scale)


if __name__ == "__main__":
    main()
