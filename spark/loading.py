"""Every source, turned into one schema: sequence_id, tokens and/or text, scores, the user's own columns."""

from __future__ import annotations

import re
from functools import reduce
from itertools import accumulate

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from spark.input_columns import InputColumns
from spark.job_descriptions import phase
from spark.json_lines import LINE_REASON, ROW_NUMBER, JsonLines
from spark.layout import LINE, REJECTION, of_model, other_column
from spark.line_blocks import blocks_of
from spark.local_files import TableFiles
from spark.storage import AnyPath, path_of_uri

LARGEST_ID = 2**63 - 1
# Tasks that are put to a language model: short ones, in rows, until there are enough for the cores of a large machine.
SHORT_TASK, MOST_SHORT_TASKS, LONG_TASK = 125, 64, 5_000
ANY_ROOT = "^file:/+"
# Pages that come with a checksum are held to it; most writers leave it out.
PARQUET_OPTIONS = {"parquet.page.verify-checksum.enabled": "true"}


def load_sequences(spark: SparkSession, files: TableFiles, columns: InputColumns) -> DataFrame:
    """The rows of a source in the one schema, none dropped, with what speaks against a row in the column `REJECTION`.

    Where the source has no ids, a row's id is its number in the files, in the order of their names.
    """
    frame = read_files(spark, files, numbered=columns.sequence_id is None)
    rejection = F.col(LINE_REASON) if files.format == "json" else F.lit(None).cast("string")
    if columns.sequence_id is None:
        sequence_id = F.col(ROW_NUMBER)
    else:
        given = F.col(quoted(columns.sequence_id))
        sequence_id = F.when(given <= LARGEST_ID, given).cast("long")
        rejection = F.coalesce(
            rejection,
            F.when(given.isNull(), "sequence_id is null"),
            F.when(given > LARGEST_ID, "sequence_id is above 2^63 - 1"),
        )
    return frame.select(
        sequence_id.alias("sequence_id"),
        *([F.col(quoted(columns.tokens)).alias("tokens")] if columns.tokens else []),
        *([F.col(quoted(columns.text)).cast("string").alias("text")] if columns.text else []),
        *(
            F.col(quoted(name)).cast("double").alias(of_model(model, "memorization_score"))
            for model, name in columns.scores
        ),
        *(F.col(quoted(name)).alias(other_column(position)) for position, name in enumerate(columns.others)),
        *([F.col(LINE)] if files.format == "json" else []),
        rejection.alias(REJECTION),
    )


def reject_repeated_ids(frame: DataFrame) -> DataFrame:
    """The same rows, with `REJECTION` set on every row whose sequence_id occurs more than once."""
    repeated = (
        frame.where(F.col("sequence_id").isNotNull())
        .groupBy("sequence_id")
        .count()
        .where("count > 1")
        .select("sequence_id", F.format_string("sequence_id occurs %d times", "count").alias("_run_repeated"))
    )
    with phase(frame.sparkSession, "look for repeated ids"):
        if repeated.isEmpty():
            return frame
    reason = F.coalesce(F.col(REJECTION), F.col("_run_repeated"))
    return frame.join(repeated, "sequence_id", "left").withColumn(REJECTION, reason).drop("_run_repeated")


def draw_sample(frame: DataFrame, size: int, seed: int) -> DataFrame:
    """The rows of `size` sequence ids drawn at random: those whose hash with the seed is smallest.

    Which ids are drawn depends on nothing but the ids and the seed. Rows without an id cannot be drawn.
    """
    ids = frame.select("sequence_id").where(F.col("sequence_id").isNotNull()).distinct()
    rank = F.xxhash64(F.col("sequence_id"), F.lit(seed).cast("long"))
    drawn = ids.orderBy(rank, "sequence_id").limit(size)
    return frame.join(drawn, "sequence_id", "left_semi")


def share_out(frame: DataFrame, rows: int | None, key: str = "sequence_id") -> DataFrame:
    """The same rows in tasks that keep every worker at work to the end, for what takes long for each row.

    Which rows are measured together depends on nothing but the rows, so that a language model gives the same digits
    whatever the machine, and when a task is tried again. rows: how many, where that is known. key: what is different in
    every row.
    """
    tasks = MOST_SHORT_TASKS if rows is None else max(1, min(MOST_SHORT_TASKS, rows // SHORT_TASK), rows // LONG_TASK)
    return frame.repartition(tasks, key).sortWithinPartitions(key)


def number_rows(frame: DataFrame, files: TableFiles) -> DataFrame:
    """The rows of Parquet files with `ROW_NUMBER`, counted through the files in their order."""
    assert files.rows_of_files is not None
    row_in_file = F.col("_metadata.row_index")
    if len(files.paths) == 1:
        return frame.withColumn(ROW_NUMBER, row_in_file)
    first_rows = dict(zip(map(str, files.paths), accumulate(files.rows_of_files, initial=0), strict=False))
    # Spark writes `file:///` here and `file:/` there.
    uris = [(re.sub(ANY_ROOT, "/", uri), first_rows[path_of_uri(uri)]) for uri in frame.inputFiles()]
    first_row = frame.sparkSession.createDataFrame(uris, "_run_file string, _run_first_row long")
    file = F.regexp_replace("_metadata.file_path", ANY_ROOT, "/")
    placed = frame.withColumns({"_run_file": file, "_run_row_in_file": row_in_file})
    joined = placed.join(F.broadcast(first_row), "_run_file", "left")
    return joined.withColumn(ROW_NUMBER, F.col("_run_row_in_file") + F.col("_run_first_row"))


def read_files(spark: SparkSession, files: TableFiles, numbered: bool = False) -> DataFrame:
    """The rows of the files, all their columns; lines of JSON that are refused have a `LINE_REASON`.

    numbered: whether `ROW_NUMBER` counts the rows.
    """
    if files.format == "json":
        types = {field.name: field.type for field in files.schema}
        return JsonLines(blocks_of(files.paths), types).read(spark, numbered)
    frame = spark.read.options(**PARQUET_OPTIONS).parquet(*map(escape_glob, files.paths))
    return number_rows(frame, files) if numbered else frame


def escape_glob(path: AnyPath) -> str:
    """The path as Spark must be given it, so that no character in it is taken for a pattern."""
    return reduce(lambda text, special: text.replace(special, "\\" + special), "\\[]{}*?", str(path))


def quoted(name: str) -> str:
    """A column's name as Spark takes it, whatever characters it holds."""
    return "`" + name.replace("`", "``") + "`"
