"""Semantic duplicates of sequences in a corpus: how many others mean nearly the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from features.semantic_duplicates.counting import COLUMNS
from features.semantic_duplicates.model import EmbeddingModel
from features.semantic_duplicates.search import choose_search
from filters.vocabulary import Vocabulary
from spark.corpus.frames import as_frame, require_unique_ids
from spark.corpus.table_writing import write_frame
from spark.session.job_descriptions import phase
from spark.sources.corpus_parts import Corpus
from spark.storage.paths import AnyPath

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class SemanticDuplicateSearch:
    """The search for semantic duplicates of `sequences` in `corpus`, by the embeddings of a model."""

    corpus: Corpus
    sequences: Corpus
    vocabulary: Vocabulary
    model: EmbeddingModel
    directory: AnyPath

    def run(self, spark: SparkSession, table: str, rows_done: Accumulator[int]) -> dict[str, int]:
        """Writes the columns of `find_semantic_duplicates` for every sequence, in the order of ids."""
        from spark.corpus.semantic_duplicates.finding import find_semantic_duplicates

        for each in dict.fromkeys((self.corpus, self.sequences)):
            require_unique_ids(spark, each)
        corpus, queries = as_frame(spark, self.corpus), as_frame(spark, self.sequences)
        with phase(spark, "count the sequences"):
            rows = corpus.count() if self.corpus.rows is None else self.corpus.rows
            asked = queries.count() if self.sequences.rows is None else self.sequences.rows
        working_directory = self.directory / "embeddings"
        search = choose_search(asked, rows)
        found = find_semantic_duplicates(queries, corpus, self.model, self.vocabulary, search, working_directory)
        in_order = found.repartitionByRange("sequence_id").sortWithinPartitions("sequence_id")
        with phase(spark, "write the counts"):
            written = write_frame(in_order, self.directory, table, _count)
        rows_done.add(rows)
        return {"rows": written.rows, "similar": written.counts.get("similar", 0)}


def _count(table: pa.Table) -> dict[str, int]:
    return {"similar": pc.sum(pc.greater(table[COLUMNS[0]], 0)).as_py() or 0}
