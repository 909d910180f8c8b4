"""The job that counts the semantic duplicates of each sequence in a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from features.semantic_duplicates.counting import COLUMNS
from features.semantic_duplicates.search import choose_search
from filters.feature_tables import SEMANTIC_DUPLICATES
from spark.corpus.frames import as_frame, require_unique_ids
from spark.corpus.job import BYTES_OF_AN_EMBEDDED_ROW, ID, Counts, FeatureJob
from spark.corpus.parallel_reading import number_lines
from spark.corpus.table_writing import write_frame
from spark.runs.options import CUT_OPTIONS
from spark.session.job_descriptions import phase
from spark.storage.paths import AnyPath

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class SemanticDuplicates(FeatureJob):
    """The numbers of sequences in the corpus whose embedding is similar to that of each sequence."""

    feature = SEMANTIC_DUPLICATES.name
    is_default = False
    options = ("sequences", "embedding_model", *CUT_OPTIONS)
    of_rows = True
    output_columns = (ID, *SEMANTIC_DUPLICATES.written_columns)

    def estimated_bytes(self) -> int | None:
        """Return the size of the embeddings of the corpus and the sequences."""
        return None if self.corpus.rows is None else BYTES_OF_AN_EMBEDDED_ROW * self.corpus.rows

    def strategy(self) -> str | None:
        """Return the search, chosen by the numbers of sequences and rows; None if one of them is unknown."""
        if self.sequences.rows is None or self.corpus.rows is None:
            return None
        return str(choose_search(self.sequences.rows, self.corpus.rows))

    def build(
        self, spark: SparkSession, directory: AnyPath, tables: Sequence[str], rows_done: Accumulator[int]
    ) -> Counts:
        """Write one table: the columns of `find_semantic_duplicates`, one row per sequence, ordered by id."""
        from spark.corpus.semantic_duplicates.counting import find_semantic_duplicates

        assert self.vocabulary is not None and self.embedding_model is not None
        numbered = {each: number_lines(spark, each) for each in dict.fromkeys((self.corpus, self.sequences))}
        for each in numbered.values():
            require_unique_ids(spark, each)
        corpus, queries = (as_frame(spark, numbered[each]) for each in (self.corpus, self.sequences))
        with phase(spark, "count the sequences"):
            rows = corpus.count() if self.corpus.rows is None else self.corpus.rows
            query_rows = queries.count() if self.sequences.rows is None else self.sequences.rows
        search, working_directory = choose_search(query_rows, rows), directory / "embeddings"
        found = find_semantic_duplicates(
            queries, corpus, self.embedding_model, self.vocabulary, search, working_directory
        )
        twins = {column.name: found[column.twin] for column in self.output_columns if column.name not in found.columns}
        in_order = found.withColumns(twins).repartitionByRange("sequence_id").sortWithinPartitions("sequence_id")
        with phase(spark, "write the counts"):
            written = write_frame(in_order, directory, tables[0], _count, self.record)
        rows_done.add(rows)
        return {tables[0]: {"rows": written.rows, "similar": written.counts.get("similar", 0)}}


def _count(table: pa.Table) -> dict[str, int]:
    return {"similar": pc.sum(pc.greater(table[COLUMNS[0]], 0)).as_py() or 0}
