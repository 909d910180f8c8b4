"""A corpus without its duplicates: the steps by which they are found, what was removed, and what is left."""

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
    """The removal of duplicates from a corpus. vocabulary, model: where semantic ones are among them."""

    corpus: Corpus
    criteria: Criteria
    vocabulary: Vocabulary | None
    model: EmbeddingModel | None
    directory: AnyPath

    def run(self, spark: SparkSession, tables: Sequence[str], rows_done: Accumulator[int]) -> dict[str, dict[str, int]]:
        """Writes the corpus that is left, a row for each of what was removed, and the summary, under these names."""
        from pyspark.sql import functions as F  # noqa: N812

        from spark.corpus.deduplication.copying import copy_without
        from spark.corpus.semantic_duplicates.embedding_files import write_table

        # Where clusters of many pairs are kept between the rounds in which they are found.
        spark.sparkContext.setCheckpointDir(str(self.directory / "checkpoints"))
        with phase(spark, "count the rows"):
            rows = write_table(row_places(spark, self.corpus), self.directory / "rows")
            left = amount(rows)
        if self.corpus.has_ids:
            require_unique(rows, self.corpus.source)
        steps: list[Step] = []
        removed: list[DataFrame] = []
        for method in self.criteria.methods:
            found = self._find(method, self._rest(spark, removed))
            with phase(spark, f"find {method} duplicates"):
                found = found.join(rows, "sequence_id").withColumn("method", F.lit(method))
                removed.append(write_table(found, self.directory / method))
                thresholds = self.criteria.thresholds(method) or (None,)
                steps.append(Step(method, left, amounts_by_threshold(removed[-1]), thresholds))
            left = steps[-1].left
        gone = reduce(lambda one, other: one.unionByName(other), removed)
        corpus, table, summary = tables
        with phase(spark, "write what is removed"):
            in_order = gone.select(*COLUMNS).repartitionByRange("sequence_id").sortWithinPartitions("sequence_id")
            written = write_frame(in_order, self.directory, table)
        with phase(spark, WRITE_CORPUS):
            kept = copy_without(spark, self.corpus, gone, self.directory / corpus, rows_done)
        if kept != left.documents:
            raise RuntimeError(f"{self.corpus.source}: expected {left.documents:,} rows to be left, wrote {kept:,}")
        lines = summary_table(steps)
        write_one_file(lines, self.directory, summary)
        return {corpus: {"rows": kept}, table: {"rows": written.rows}, summary: {"rows": len(lines)}}

    def _rest(self, spark: SparkSession, removed: Sequence[DataFrame]) -> DataFrame:
        """What no step has removed yet."""
        rest = as_frame(spark, self.corpus)
        for each in removed:
            rest = rest.join(each.select("sequence_id"), "sequence_id", "left_anti")
        return rest

    def _find(self, method: Method, rest: DataFrame) -> DataFrame:
        """The columns `spark.deduplication.REMOVED` of what a method removes."""
        from spark.corpus.deduplication.methods import exact_duplicates, near_duplicates, semantic_duplicates
        from spark.corpus.semantic_duplicates.clusters import semantic_clusters

        criteria, thresholds = self.criteria, self.criteria.thresholds(method)
        if method == "exact":
            return exact_duplicates(rest)
        if method == "fuzzy":
            return near_duplicates(rest, thresholds, criteria.ngram_tokens, criteria.keep)
        assert self.model is not None and self.vocabulary is not None
        working_directory = self.directory / "embeddings"
        clusters = semantic_clusters(
            rest,
            self.model,
            self.vocabulary,
            criteria.semantic_clusters,
            criteria.cosine_threshold,
            criteria.keep,
            working_directory,
        )
        return semantic_duplicates(clusters, thresholds)


def amount(rows: DataFrame) -> Amount:
    """How many rows there are, and how many `tokens` they have."""
    from pyspark.sql import functions as F  # noqa: N812

    return Amount(*rows.agg(F.count(F.lit(1)), F.coalesce(F.sum("tokens"), F.lit(0))).collect()[0])


def amounts_by_threshold(removed: DataFrame) -> Mapping[float | None, Amount]:
    """The same by the largest threshold at which a row is removed."""
    from pyspark.sql import functions as F  # noqa: N812

    grouped = removed.groupBy("threshold").agg(F.count(F.lit(1)), F.sum("tokens"))
    return {threshold: Amount(*counted) for threshold, *counted in grouped.collect()}
