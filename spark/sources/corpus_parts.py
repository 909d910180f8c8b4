"""A training corpus as parts that tasks read by themselves, each a stream of batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spark.sources.parts import CopiedPart, Part
from spark.sources.source import Source
from spark.sources.token_reader import CorpusBatch, TokenReader
from spark.storage.paths import AnyPath


@dataclass(frozen=True)
class CorpusPart:
    """A part of a corpus, in the form that travels to a worker.

    first_row: the number of rows of the corpus before it; None until they are counted.
    """

    part: Part
    reader: TokenReader
    first_row: int | None

    def batches(self) -> Iterator[CorpusBatch]:
        """Yield the rows; raise UserError, with the file's name, for one that cannot be read."""
        return self.part.corpus_batches(self.reader, self.first_row or 0)

    def copy_without(self, removed: NDArray[np.int64], directory: AnyPath, name: str) -> CopiedPart:
        """Write the rows except those at some positions, as `Part.copy_without` does."""
        return self.part.copy_without(removed, directory, name)


@dataclass(frozen=True)
class Corpus:
    """A corpus, or sequences to look up in one, found and described.

    source: its name, as the user gave it. files: what its parts are read from.
    has_ids: whether its rows have ids of their own; else the id of a row is its number. document_id: the column named
    for ids, if it holds text.
    """

    source: str
    files: Source
    parts: tuple[CorpusPart, ...]
    has_ids: bool = False
    document_id: str | None = None

    @property
    def rows(self) -> int | None:
        """The number of rows; None if it takes reading them."""
        return self.files.rows

    @property
    def bytes(self) -> int:
        """The total size of the files, in bytes."""
        return self.files.bytes
