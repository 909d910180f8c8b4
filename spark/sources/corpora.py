"""Resolve a corpus, or sequences to look up in one, to its parts; check it before Spark starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spark.sources.catalog import TableLocation
from spark.sources.corpus_parts import Corpus, CorpusPart
from spark.sources.cut_source import CutPart, cut_source
from spark.sources.cutting import Cut
from spark.sources.hub_layout import tokenizer_beside
from spark.sources.input_columns import recognise_columns
from spark.sources.parts import rows_before
from spark.sources.patterns import base_of, exists
from spark.sources.registry import ReadOptions
from spark.sources.resolver import Resolver
from spark.sources.token_reader import TokenReader
from spark.storage.paths import require_reachable, storage_path
from utils import UserError, printable

SPLIT_MARK = "#"  # between the name of a dataset and the name of its split


def resolve_corpus(
    source: str,
    row_tokens: int,
    tokenizer: str | None,
    resolver: Resolver,
    bytes_a_part: int | None = None,
    options: ReadOptions | None = None,
) -> Corpus:
    """Return the corpus at a source; raise UserError if it is missing, damaged or contradictory.

    source: a path, or the id of a Hub dataset. A dataset may be followed by a split: `owner/name#train`.
    row_tokens: the number of tokens of a row in a file of token ids without an index. tokenizer: encodes text, and
    defines the valid token ids. bytes_a_part: about how long each part is; None to let the format choose.
    options: how else the user wants the files to be read.
    """
    name, _, split = source.partition(SPLIT_MARK)
    path = storage_path(name)
    require_reachable(path)
    if not exists(path) and name.count("/") != 1:
        raise UserError(
            f"{printable(name)}: no such file or directory.\n"
            "Expected a data file, a directory or a pattern such as 'data/*.jsonl', or a Hub id (owner/name)."
        )
    location = TableLocation(name, split or None, is_local=exists(path))
    options = replace(options or ReadOptions(), as_corpus=True, row_tokens=row_tokens)
    files = resolver.files(location, options)
    columns = recognise_columns(files.schema, printable(source), options.columns)
    tokenizer = tokenizer or tokenizer_of(source)
    if columns.tokens is None and tokenizer is None:
        raise UserError(f"{printable(source)} holds text, and no tokenizer is known to encode it.\nGive --tokenizer.")
    content = resolver.vocabulary(tokenizer).tokenizer.to_str() if tokenizer and files.checks_vocabulary else None
    reader, parts = TokenReader(columns, content), files.parts(bytes_a_part)
    numbers: Sequence[int | None] = rows_before(parts) or [None] * len(parts)
    numbered = tuple(CorpusPart(part, reader, first_row) for part, first_row in zip(parts, numbers, strict=False))
    return Corpus(printable(source), files, numbered, columns.sequence_id is not None, columns.document_id)


def cut_corpus(corpus: Corpus, cut: Cut) -> Corpus:
    """Return the sequences of the documents of a corpus, numbered as calculate_metrics.py numbers them."""
    if not corpus.parts:
        return corpus
    reader = corpus.parts[0].reader
    files = cut_source(corpus.files, reader, cut, corpus.source)
    cut_parts = (replace(part, part=CutPart(part.part.path, None, part.part, files.cutter, 0)) for part in corpus.parts)
    parts = tuple(replace(part, first_row=None if number else 0) for number, part in enumerate(cut_parts))
    return Corpus(corpus.source, files, parts)


def tokenizer_of(source: str) -> str | None:
    """Return the tokenizer beside a corpus on this machine; None if there is none."""
    path = storage_path(source.partition(SPLIT_MARK)[0])
    return tokenizer_beside(base_of(path)) if exists(path) else None
