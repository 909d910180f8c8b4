"""Every source, turned into one schema: sequence_id, tokens and/or text, scores, the user's own columns."""

from __future__ import annotations

from functools import reduce
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.types import ArrayType, DataType, DoubleType, LongType, StringType, StructField, StructType

from spark.input_columns import InputColumns
from spark.layout import REJECTION, of_model
from spark.local_files import TableFiles

CORRUPT = "_corrupt_record"


def load_sequences(spark: SparkSession, files: TableFiles, columns: InputColumns) -> DataFrame:
    """The rows of a source in the one schema, none dropped, with what speaks against a row in `_rejection`.

    Where the source has no ids, a row's id is its number in the files, in the order of their names.
    """
    frame = read_files(spark, files, columns)
    if columns.sequence_id is None:
        frame = number_rows(frame)
        sequence_id = F.col("_run_row_number")
    else:
        sequence_id = F.col(quoted(columns.sequence_id)).cast("long")
    rejection = F.lit(None).cast("string")
    if files.format == "json":
        reason = "the line is not JSON, or not of the types of the first lines"
        rejection = F.when(F.col(CORRUPT).isNotNull(), reason)
    if columns.sequence_id is not None:
        rejection = F.coalesce(rejection, F.when(sequence_id.isNull(), "sequence_id is null"))
    return frame.select(
        sequence_id.alias("sequence_id"),
        *_optional(columns.tokens, "tokens"),
        *([F.col(quoted(columns.text)).cast("string").alias("text")] if columns.text else []),
        *(
            F.col(quoted(name)).cast("double").alias(of_model(model, "memorization_score"))
            for model, name in columns.scores
        ),
        *(F.col(quoted(name)) for name in columns.others),
        rejection.alias(REJECTION),
    )


def reject_repeated_ids(frame: DataFrame) -> DataFrame:
    """The same rows, with `_rejection` set on every row whose sequence_id occurs more than once."""
    repeated = (
        frame.where(F.col("sequence_id").isNotNull())
        .groupBy("sequence_id")
        .count()
        .where("count > 1")
        .select("sequence_id", F.format_string("sequence_id occurs %d times", "count").alias("_run_repeated"))
    )
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
    return joined.withColumn("_run_row_number", F.col("_run_position") + F.col("_run_shift"))


def read_files(spark: SparkSession, files: TableFiles, columns: InputColumns | None = None) -> DataFrame:
    """The files as they are, read by Spark."""
    paths = [escape_glob(path) for path in files.paths]
    if files.format == "parquet":
        return spark.read.parquet(*paths)
    inferred = spark.read.json(paths).schema
    known: dict[str | None, DataType] = {}
    if columns is not None:
        known |= {name: DoubleType() for _, name in columns.scores}
        known[columns.sequence_id] = LongType()
        known[columns.tokens] = ArrayType(LongType())
        known[columns.text] = StringType()
    fields = [StructField(f.name, known.get(f.name, f.dataType)) for f in inferred if f.name != CORRUPT]
    schema = StructType([*fields, StructField(CORRUPT, StringType())])
    return spark.read.schema(schema).option("columnNameOfCorruptRecord", CORRUPT).json(paths)


def escape_glob(path: Path) -> str:
    """The path as Spark must be given it, so that no character in it is taken for a pattern."""
    return reduce(lambda text, special: text.replace(special, "\\" + special), "\\[]{}*?", str(path))


def quoted(name: str) -> str:
    """A column's name as Spark takes it, whatever characters it holds."""
    return "`" + name.replace("`", "``") + "`"


def _optional(name: str | None, alias: str) -> list[Column]:
    return [] if name is None else [F.col(quoted(name)).alias(alias)]
