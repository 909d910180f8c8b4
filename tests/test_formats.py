"""Both programs read what people have: several formats, folders that are columns, columns that Spark stops at."""

from __future__ import annotations

import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark.storage.paths import files_below
from tests.programs import build_features, calculate_metrics

pytestmark = pytest.mark.spark
TEXT = "one two three " * 9


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Write Parquet in folders of a language, with a time of day; CSV; text files; and Arrow."""
    for number, lang in enumerate(("de", "en")):
        path = tmp_path / "books" / f"lang={lang}" / "part-0.parquet"
        path.parent.mkdir(parents=True)
        columns = {
            "body": [TEXT, f"text {number}"],
            "at": pa.array([10**18 + 1] * 2, pa.timestamp("ns")),
            "clock": pa.array([1, 2], pa.time64("us")),
            "_metadata": ["x", "y"],
        }
        pq.write_table(pa.table(columns), path)
    (tmp_path / "rows.csv").write_text(f'body,year\n"{TEXT}",2001\nbad\n')
    with pa.ipc.new_stream(str(tmp_path / "a.arrow"), (table := pa.table({"body": [TEXT]})).schema) as writer:
        writer.write_table(table)
    return tmp_path


def table_of(directory: Path) -> pa.Table:
    """Return the rows of all Parquet files below a directory."""
    files = [path for name, path in files_below(directory).items() if name.suffix == ".parquet"]
    return pa.concat_tables(pq.ParquetFile(path).read() for path in files)


def test_metrics_keep_the_columns_of_every_format(data: Path, tokenizer_file: Path) -> None:
    options = ["--text_column", "body", "--tokenizer", str(tokenizer_file), "--filters", "detokenization,repetition"]
    done = calculate_metrics("--datasets", "books,rows.csv,*.arrow", *options, "--run_id", "one", directory=data)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Note: books: left out clock (time64[us]): Spark has no such type." in done.stdout
    metrics, rejected = data / "output" / "one" / "metrics", data / "output" / "one" / "rejected"
    books = table_of(metrics / "dataset=books").sort_by("sequence_id")
    assert books.column_names[-4:] == ["at", "_metadata", "lang", "year"]  # the year of the other dataset's table
    assert books["year"].null_count == books.num_rows
    assert books["lang"].to_pylist() == ["de", "de", "en", "en"]
    assert books["at"][0].as_py() == datetime.datetime(2001, 9, 9, 1, 46, 40)
    assert (books["text"][0].as_py(), books["is_repeating"][0].as_py()) == (TEXT, True)
    assert table_of(metrics / "dataset=rows")["year"].to_pylist() == [2001]
    assert table_of(rejected / "dataset=rows")["line"].to_pylist() == [b"bad"]


def test_deduplicated_corpus_keeps_the_folders(data: Path, tokenizer_file: Path) -> None:
    options = ["--text_column", "body", "--tokenizer", str(tokenizer_file), "--deduplicate", "exact"]
    done = build_features("--corpus", "books", *options, "--run_id", "two", directory=data)
    assert done.returncode == 0, done.stdout + done.stderr
    corpus = data / "output" / "two" / "deduplication" / "corpus"
    files = {name.as_posix(): path for name, path in files_below(corpus).items() if name.suffix == ".parquet"}
    kept = {name: pq.ParquetFile(path).read()["body"].to_pylist() for name, path in files.items()}
    assert kept == {"lang=de/part-00000.parquet": [TEXT, "text 0"], "lang=en/part-00000.parquet": ["text 1"]}
    again = build_features("--corpus", "books", *options, "--run_id", "two", directory=data)
    assert "is already complete" in again.stdout
