"""The steps of a deduplication: find the duplicates by each method, write the remaining corpus and a summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from features.deduplication import Criteria, Method
from features.semantic_duplicates.model import EmbeddingModel
from filters.vocabulary import Vocabulary
from spark.corpus.deduplication.summary import Amount, Step, summary_table
from spark.corpus.frames import as_frame, require_unique, row_places
from spark.corpus.table_writing import write_frame, write_one_file
from spark.session.job_descriptions import WRITE_CORPUS, phase
from spark.sources.corpus_parts import Corpus
from spark.storage.paths import AnyPath

if TYPE_CHECKING:
    from pyspark import Accumulator
    from pyspark.sql import DataFrame, SparkSession

COLUMNS = ("sequence_id", "tokens", "method", "duplicate_of", "threshold")


@dataclass(frozen=True)
class Deduplication:
    """The removal of duplicates from a corpus.

    vocabulary, model: required for the method `semantic`; may be None for the others.
    directory: for the tables and for intermediate files.
    """

    corpus: Corpus
    criteria: Criteria
    vocabulary: Vocabulary | None
    model: EmbeddingModel | None
    directory: AnyPath

    def run(self, spark: SparkSession, tables: Sequence[str], rows_done: Accumulator[int]) -> dict[str, dict[str, int]]:
        """Write the remaining corpus, one row per removed sequence, and the summary; return their counts.

        tables: the names of the three tables, in this order.
        """
        from pyspark.sql import functions as F  # noqa: N812

        from spark.corpus.deduplication.copying import copy_without
        from spark.corpus.semantic_duplicates.embedding_files import write_table

        # Large sets of pairs are clustered in rounds; each round is written to this directory.
        spark.sparkContext.setCheckpointDir(str(self.directory / "checkpoints"))
        with phase(spark, "count the rows"):
            rows = write_table(row_places(spark, self.corpus), self.directory / "rows")
            remaining = amount(rows)
        if self.corpus.has_ids:
            require_unique(rows, self.corpus.source)
        steps: list[Step] = []
        removed: list[DataFrame] = []
        for method in self.criteria.methods:
            found = self._find(method, self._remaining(spark, removed))
            with phase(spark, f"find {method} duplicates"):
                found = found.join(rows, "sequence_id").withColumn("method", F.lit(method))
                removed.append(write_table(found, self.directory / method))
                thresholds = self.criteria.thresholds(method) or (None,)
                steps.append(Step(method, remaining, amounts_by_threshold(removed[-1]), thresholds))
            remaining = steps[-1].left
        all_removed = reduce(lambda one, other: one.unionByName(other), removed)
        corpus, table, summary = tables
        with phase(spark, "write the removed rows"):
            in_order = (
                all_removed.select(*COLUMNS).repartitionByRange("sequence_id").sortWithinPartitions("sequence_id")
            )
            written = write_frame(in_order, self.directory, table)
        with phase(spark, WRITE_CORPUS):
            kept = copy_without(spark, self.corpus, all_removed, self.directory / corpus, rows_done)
        if kept != remaining.documents:
            raise RuntimeError(f"{self.corpus.source}: expected {remaining.documents:,} remaining rows, wrote {kept:,}")
        lines = summary_table(steps)
        write_one_file(lines, self.directory, summary)
        return {corpus: {"rows": kept}, table: {"rows": written.rows}, summary: {"rows": len(lines)}}

    def _remaining(self, spark: SparkSession, removed: Sequence[DataFrame]) -> DataFrame:
        """Return the sequences that no step has removed yet."""
        remaining = as_frame(spark, self.corpus)
        for each in removed:
            remaining = remaining.join(each.select("sequence_id"), "sequence_id", "left_anti")
        return remaining

    def _find(self, method: Method, sequences: DataFrame) -> DataFrame:
        """Return the sequences that a method removes, columns `REMOVED` of `spark.corpus.deduplication.methods`."""
        from spark.corpus.deduplication.methods import exact_duplicates, near_duplicates, semantic_duplicates
        from spark.corpus.semantic_duplicates.clusters import semantic_clusters

        criteria, thresholds = self.criteria, self.criteria.thresholds(method)
        if method == "exact":
            return exact_duplicates(sequences)
        if method == "fuzzy":
            return near_duplicates(sequences, thresholds, criteria.ngram_tokens, criteria.keep)
        assert self.model is not None and self.vocabulary is not None
        working_directory = self.directory / "embeddings"
        clusters = semantic_clusters(
            sequences,
            self.model,
            self.vocabulary,
            criteria.semantic_clusters,
            criteria.cosine_threshold,
            criteria.keep,
            working_directory,
        )
        return semantic_duplicates(clusters, thresholds)


def amount(rows: DataFrame) -> Amount:
    """Return the number of rows and the sum of their `tokens`."""
    from pyspark.sql import functions as F  # noqa: N812

    return Amount(*rows.agg(F.count(F.lit(1)), F.coalesce(F.sum("tokens"), F.lit(0))).collect()[0])


def amounts_by_threshold(removed: DataFrame) -> Mapping[float | None, Amount]:
    """Return the amount of removed rows by their `threshold`, the largest at which they are removed."""
    from pyspark.sql import functions as F  # noqa: N812

    grouped = removed.groupBy("threshold").agg(F.count(F.lit(1)), F.sum("tokens"))
    return {threshold: Amount(*counted) for threshold, *counted in grouped.collect()}
