"""Writers of the parts of the sample that need no language model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer

from sample.corpus import Corpus
from sample.layout import token_lists, write_table
from sample.paths import corpus_path, truth_path
from sample.rows import Row
from sample.texts.document import Document
from sample.truth import truth_table


class Made(NamedTuple):
    """The generated sample. documents: the document of each row. corpora: by scheme."""

    tokenizer: Tokenizer
    rows: Sequence[Row]
    documents: Sequence[Document]
    corpora: Mapping[str, Corpus]


def write_corpora(output: Path, made: Made) -> None:
    """Write the training corpus of each scheme."""
    for scheme, corpus in made.corpora.items():
        columns = {"sequence_id": corpus.sequence_ids, "tokens": token_lists(corpus.tokens, np.int32)}
        write_table(corpus_path(scheme, output), pa.table(columns))


def write_truth(output: Path, made: Made) -> None:
    """Write the truth about every sequence."""
    write_table(truth_path(output), truth_table(made.corpora, made.rows, made.documents))
