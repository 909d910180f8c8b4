"""Counts of the semantic duplicates of each query in a corpus.

The embeddings are Parquet files in a working directory. A task reads one run of the files of the corpus and compares it
with one block of queries at a time. Its memory grows neither with the corpus nor with the queries.
"""

from __future__ import annotations

import math

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from features.semantic_duplicates.clusters import train_centroids
from features.semantic_duplicates.counting import COLUMNS
from features.semantic_duplicates.model import EmbeddingModel
from features.semantic_duplicates.search import Search
from filters.vocabulary import Vocabulary
from spark.corpus.semantic_duplicates.comparison import DEFAULT_SIZES, Comparison, ComparisonSizes
from spark.corpus.semantic_duplicates.embedding_files import draw_embeddings, write_table
from spark.corpus.semantic_duplicates.embeddings import embed_texts, sequence_contents
from spark.session.job_descriptions import phase
from spark.session.task_sizes import share_out
from spark.storage.paths import AnyPath

POINTS_A_CLUSTER = 64  # embeddings drawn per cluster to train the index
NO_CONTENT = ""  # `own` of a query whose id the corpus does not contain


def find_semantic_duplicates(
    queries: DataFrame,
    corpus: DataFrame,
    model: EmbeddingModel,
    vocabulary: Vocabulary,
    search: Search,
    working_directory: AnyPath,
    sizes: ComparisonSizes = DEFAULT_SIZES,
) -> DataFrame:
    """Return `sequence_id` and `COLUMNS`, all `long`, one row per query: numbers of similar sequences in the corpus.

    queries, corpus: `sequence_id` (unique in each), `tokens`, and optionally `text`. A row of the corpus with the id of
        a query is the query itself and is not counted. Equal sequences are embedded once, and each is counted.
    search: from `choose_search`.
    working_directory: must not contain anything yet, and must last as long as the result.
    """
    spark = queries.sparkSession
    shared = spark.sparkContext.broadcast(vocabulary)
    query_contents, corpus_contents = (sequence_contents(each, shared) for each in (queries, corpus))
    with phase(spark, "find distinct sequences"):
        contents = write_table(distinct_contents(query_contents, corpus_contents), working_directory / "contents")
        rows = contents.count()
    with phase(spark, "embed the sequences"):
        embedding = embed_texts(share_out(contents, rows, "content", sizes.short_task), model)
        embedded = write_table(embedding, working_directory / "embeddings")
    with phase(spark, "look up the queries"):
        own_rows = corpus.join(queries.select("sequence_id"), "sequence_id", "left_semi")
        keyed = with_own_contents(query_contents, sequence_contents(own_rows, shared))
        keyed = write_table(keyed, working_directory / "queries")
        distinct = keyed.select("content", "own").distinct().join(embedded.drop("copies"), "content")
        blocks = max(1, math.ceil(keyed.count() / sizes.queries_a_block))
        write_table(distinct.repartition(blocks, "content"), working_directory / "query_embeddings")
    with phase(spark, "compare embeddings"):
        centroids = None
        if search.method == "approximate":
            share = search.clusters * POINTS_A_CLUSTER / rows
            drawn = draw_embeddings(embedded.where("copies > 0"), share, working_directory / "drawn")
            centroids = spark.sparkContext.broadcast(train_centroids(drawn, min(search.clusters, len(drawn))))
        comparison = Comparison.of(working_directory, search.probes, centroids, sizes)
        counts = write_table(comparison.run(spark), working_directory / "counts")
    total = counts.groupBy("content", "own").agg(*(F.sum(name).alias(name) for name in COLUMNS))
    return keyed.join(total, ["content", "own"], "left").na.fill(0, list(COLUMNS)).select("sequence_id", *COLUMNS)


def with_own_contents(queries: DataFrame, corpus: DataFrame) -> DataFrame:
    """Return `sequence_id`, `content`, `own`, one row per query.

    own: the content of the row of the corpus with the same id; `NO_CONTENT` if there is none.
    queries, corpus: frames of `sequence_contents`.
    """
    own = corpus.select("sequence_id", F.col("content").alias("own"))
    return queries.select("sequence_id", "content").join(own, "sequence_id", "left").na.fill({"own": NO_CONTENT})


def distinct_contents(queries: DataFrame, corpus: DataFrame) -> DataFrame:
    """Return `content`, `text`, `prompt`, `copies`, one row per distinct content of the queries and the corpus.

    copies: number of sequences of the corpus that have this content; 0 if only queries have it.
    """
    counted = queries.withColumn("copies", F.lit(0)).unionByName(corpus.withColumn("copies", F.lit(1)))
    return counted.groupBy("content", "text", "prompt").agg(F.sum("copies").alias("copies"))
