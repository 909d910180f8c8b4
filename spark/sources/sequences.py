"""Every source, turned into one schema: sequence_id, tokens and/or text, scores, the user's own columns."""

from __future__ import annotations

import re
from functools import reduce
from itertools import accumulate

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from spark.sources.input_columns import InputColumns
from spark.sources.internal_columns import LINE, LINE_REASON, REJECTION, ROW_NUMBER, of_model, other_column
from spark.sources.json_lines import JsonLines
from spark.sources.line_blocks import blocks_of
from spark.sources.local_files import TableFiles
from spark.storage.paths import AnyPath, path_of_uri

LARGEST_ID = 2**63 - 1
ANY_ROOT = "^file:/+"
# Pages that come with a checksum are held to it; most writers leave it out.
PARQUET_OPTIONS = {"parquet.page.verify-checksum.enabled": "true"}


def read_sequences(spark: SparkSession, files: TableFiles, columns: InputColumns) -> DataFrame:
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
