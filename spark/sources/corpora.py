"""From what a user says of a corpus, or of sequences, to its parts, found and checked before Spark starts."""

from __future__ import annotations

import os
from itertools import accumulate

from spark.sources.catalog import TableLocation
from spark.sources.corpus_parts import Corpus, part_bytes
from spark.sources.hub_layout import tokenizer_beside
from spark.sources.input_columns import recognise_columns
from spark.sources.line_blocks import blocks_of
from spark.sources.local_files import TableFiles
from spark.sources.parquet_files import rows_of_groups
from spark.sources.resolver import Resolver
from spark.sources.table_parts import JsonLinesPart, ParquetPart, TableSource
from spark.sources.token_file import is_token_file, open_token_file, token_file_corpus
from spark.storage.paths import require_reachable, storage_path
from utils import UserError, printable

SPLIT_MARK = "#"  # between a dataset and the split of it that is meant


def resolve_corpus(source: str, row_tokens: int, tokenizer: str | None, resolver: Resolver) -> Corpus:
    """The corpus, or the sequences, at a source; raises UserError for what is missing, damaged or contradictory.

    source: the path of a file of token ids, the path of Parquet or JSONL, or the id of a Hub dataset; a dataset may
        have the name of a split behind it: `owner/name#train`.
    row_tokens: of each row of a file of token ids that has no index. tokenizer: encodes text, and says which ids are.
    """
    cores = os.cpu_count() or 1
    name, _, split = source.partition(SPLIT_MARK)
    path = storage_path(name)
    require_reachable(path)
    if path.exists() and is_token_file(path):
        file = open_token_file(path, row_tokens)
        return token_file_corpus(file, part_bytes(sum(file.shard_bytes), cores))
    if not path.exists() and name.count("/") != 1:
        raise UserError(
            f"{printable(name)}: no such file or directory.\n"
            "Expected a file of token ids (.bin), Parquet or JSONL, a directory of them, or a Hub id (owner/name)."
        )
    files = resolver.files(TableLocation(name, split or None, is_local=path.exists()))
    columns = recognise_columns(files.schema, printable(source))
    tokenizer = tokenizer or tokenizer_of(source)
    if columns.tokens is None and tokenizer is None:
        raise UserError(f"{printable(source)} holds text, and no tokenizer is known to encode it.\nGive --tokenizer.")
    content = resolver.vocabulary(tokenizer).tokenizer.to_str() if tokenizer else None
    return _table_corpus(printable(source), files, TableSource(columns, files.schema, content), cores)


def tokenizer_of(source: str) -> str | None:
    """The tokenizer that lies beside a corpus of this machine, where there is one."""
    path = storage_path(source.partition(SPLIT_MARK)[0])
    return tokenizer_beside(path) if path.exists() else None


def _table_corpus(name: str, files: TableFiles, source: TableSource, cores: int) -> Corpus:
    has_ids = source.columns.sequence_id is not None
    if files.format == "json":
        blocks = blocks_of(files.paths)
        return Corpus(name, tuple(JsonLinesPart(source, block, None) for block in blocks), None, files.bytes, has_ids)
    assert files.rows_of_files is not None
    bytes_a_part = part_bytes(files.bytes, cores)
    first_rows = accumulate(files.rows_of_files, initial=0)
    parts: list[ParquetPart] = []
    for path, first_row in zip(files.paths, first_rows, strict=False):
        rows = rows_of_groups(path)
        groups_a_part = max(1, bytes_a_part * len(rows) // max(1, path.stat().st_size))
        before = [first_row + each for each in accumulate(rows, initial=0)]
        for start in range(0, len(rows), groups_a_part):
            groups = tuple(range(start, min(start + groups_a_part, len(rows))))
            parts.append(ParquetPart(source, path, groups, before[start]))
    return Corpus(name, tuple(parts), files.rows, files.bytes, has_ids)
