"""How many sequences of a corpus are semantic duplicates of each of some sequences.

The embeddings lie as Parquet files in a working directory. A task reads one run of the corpus's files and streams
blocks of the queries past it, so that its memory does not grow with either.
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

POINTS_A_CLUSTER = 64  # drawn to train the index's clusters
NOBODY = ""  # stands for the content of a query that the corpus does not hold


def find_semantic_duplicates(
    queries: DataFrame,
    corpus: DataFrame,
    model: EmbeddingModel,
    vocabulary: Vocabulary,
    search: Search,
    working_directory: AnyPath,
    sizes: ComparisonSizes = DEFAULT_SIZES,
) -> DataFrame:
    """`sequence_id` and `COLUMNS`, all long, one row a query: how many other sequences of the corpus are similar.

    queries, corpus: with `sequence_id` (unique in each), `tokens`, and perhaps `text`. A row of the corpus with the
        id of a query is the query itself, and is not counted. Equal sequences are embedded once, and each is counted.
    search: from `choose_search`. working_directory: where nothing is yet; must last as long as the result.
    """
    spark = queries.sparkSession
    known = spark.sparkContext.broadcast(vocabulary)
    asked, held = (sequence_contents(each, known) for each in (queries, corpus))
    with phase(spark, "tell different sequences"):
        contents = write_table(different_contents(asked, held), working_directory / "contents")
        rows = contents.count()
    with phase(spark, "embed the sequences"):
        embedding = embed_texts(share_out(contents, rows, "content", sizes.short_task), model)
        embedded = write_table(embedding, working_directory / "embeddings")
    with phase(spark, "look up the queries"):
        of_queries = corpus.join(queries.select("sequence_id"), "sequence_id", "left_semi")
        placed = place_queries(asked, sequence_contents(of_queries, known))
        placed = write_table(placed, working_directory / "queries")
        different = placed.select("content", "own").distinct().join(embedded.drop("copies"), "content")
        blocks = max(1, math.ceil(placed.count() / sizes.queries_a_block))
        write_table(different.repartition(blocks, "content"), working_directory / "query_embeddings")
    with phase(spark, "compare embeddings"):
        centroids = None
        if search.method == "approximate":
            share = search.clusters * POINTS_A_CLUSTER / rows
            drawn = draw_embeddings(embedded.where("copies > 0"), share, working_directory / "drawn")
            centroids = spark.sparkContext.broadcast(train_centroids(drawn, min(search.clusters, len(drawn))))
        comparison = Comparison.of(working_directory, search.probes, centroids, sizes)
        counts = write_table(comparison.run(spark), working_directory / "counts")
    total = counts.groupBy("content", "own").agg(*(F.sum(name).alias(name) for name in COLUMNS))
    return placed.join(total, ["content", "own"], "left").na.fill(0, list(COLUMNS)).select("sequence_id", *COLUMNS)


def place_queries(queries: DataFrame, corpus: DataFrame) -> DataFrame:
    """`sequence_id, content, own`, one row a query: its content, and that of the row of the corpus with its id.

    queries, corpus: as `sequence_contents` gives them.
    """
    own = corpus.select("sequence_id", F.col("content").alias("own"))
    return queries.select("sequence_id", "content").join(own, "sequence_id", "left").na.fill({"own": NOBODY})


def different_contents(queries: DataFrame, corpus: DataFrame) -> DataFrame:
    """`content, text, prompt, copies`, one row a content: how many sequences of the corpus have it."""
    counted = queries.withColumn("copies", F.lit(0)).unionByName(corpus.withColumn("copies", F.lit(1)))
    return counted.groupBy("content", "text", "prompt").agg(F.sum("copies").alias("copies"))
