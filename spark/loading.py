"""Every source, turned into one schema: sequence_id, tokens and/or text, scores, the user's own columns."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812

from spark.input_columns import InputColumns
from spark.job_descriptions import phase
from spark.json_lines import LINE_REASON, ROW_NUMBER, JsonLines
from spark.layout import LINE, REJECTION, of_model, other_column
from spark.local_files import TableFiles
from spark.storage import AnyPath

LARGEST_ID = 2**63 - 1


def load_sequences(spark: SparkSession, files: TableFiles, columns: InputColumns) -> DataFrame:
    """The rows of a source in the one schema, none dropped, with what speaks against a row in the column `REJECTION`.

    Where the source has no ids, a row's id is its number in the files, in the order of their names.
    """
    if files.format == "json":
        frame = _read_lines(spark, files)
        rejection = F.col(LINE_REASON)
    else:
        frame = read_files(spark, files)
        frame = number_rows(frame) if columns.sequence_id is None else frame
        rejection = F.lit(None).cast("string")
    sequence_id = F.col(ROW_NUMBER)
    if columns.sequence_id is not None:
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


def number_rows(frame: DataFrame) -> DataFrame:
    """The rows with `_row_number`, counted through the files in the order of their names.

    Files are read in blocks, each by one task and from its beginning to its end: counting the rows of every
    block first gives the number of its first row, however the blocks were shared out among the tasks.
    """
    block = ["_run_file_path", "_run_block_start"]
    frame = frame.select(
        "*",
        F.col("_metadata.file_path").alias("_run_file_path"),
        F.col("_metadata.file_block_start").alias("_run_block_start"),
        F.monotonically_increasing_id().alias("_run_position"),
    )
    blocks = frame.groupBy(*block).agg(F.min("_run_position").alias("_run_first"), F.count("*").alias("_run_rows"))
    before = Window.orderBy(*block).rowsBetween(Window.unboundedPreceding, -1)
    rows_before = F.coalesce(F.sum("_run_rows").over(before), F.lit(0))
    numbered = blocks.select(*block, (rows_before - F.col("_run_first")).alias("_run_shift"))
    joined = frame.join(F.broadcast(numbered), block)
    return joined.withColumn(ROW_NUMBER, F.col("_run_position") + F.col("_run_shift"))


def read_files(spark: SparkSession, files: TableFiles) -> DataFrame:
    """The files as Spark reads them by itself."""
    paths = [escape_glob(path) for path in files.paths]
    return spark.read.parquet(*paths) if files.format == "parquet" else spark.read.json(paths)


def _read_lines(spark: SparkSession, files: TableFiles) -> DataFrame:
    """The lines of JSONL files, numbered, parsed one by one; blank lines are none."""
    lines = spark.read.text([escape_glob(path) for path in files.paths])
    numbered = number_rows(lines.where(F.trim("value") != ""))
    types = {field.name: field.type for field in files.schema}
    return JsonLines(types).parse(numbered.select(F.col("value").cast("binary"), ROW_NUMBER))


def escape_glob(path: AnyPath) -> str:
    """The path as Spark must be given it, so that no character in it is taken for a pattern."""
    return reduce(lambda text, special: text.replace(special, "\\" + special), "\\[]{}*?", str(path))


def quoted(name: str) -> str:
    """A column's name as Spark takes it, whatever characters it holds."""
    return "`" + name.replace("`", "``") + "`"
