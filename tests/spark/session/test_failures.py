"""Messages of failed jobs: the file, the reason and what to do, for every kind of error."""

from __future__ import annotations

import traceback

import pytest

from spark.session.failures import failure_message
from utils import UserError

UNREADABLE = """An error occurred while calling o1083.collectToPython.
: org.apache.spark.SparkException: [FAILED_READ_FILE.NO_HINT] Encountered error while reading file {uri}.  SQLSTATE
\tat org.apache.spark.sql.errors.QueryExecutionErrors$.cannotReadFilesError(QueryExecutionErrors.scala:920)
Caused by: java.io.IOException: can not read class org.apache.parquet.format.PageHeader: don't know what type: 15
\tat org.apache.parquet.format.Util.read(Util.java:366)
Caused by: shaded.parquet.org.apache.thrift.protocol.TProtocolException: don't know \x1b[31mwhat type: 15
\tat shaded.parquet.org.apache.thrift.protocol.TCompactProtocol.getTType(TCompactProtocol.java:895)
\t... 45 more
"""
IN_GENERATED_CODE = """An error occurred while calling o6024.collectToPython.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 failed 1 times (localhost executor driver)
Caused by: java.lang.ArrayIndexOutOfBoundsException: Index 250 out of bounds for length 138
\tat org.apache.parquet.column.values.dictionary.PlainValuesDictionary.decodeToBinary(PlainValuesDictionary.java:119)
"""
BY_A_TASK = """An error occurred while calling o77.collectToPython.
: org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "/x/spark/json_lines.py", line 31, in _parse
    raise UserError(message)
filters.errors.UserError: /data/a b.jsonl.gz cannot be read: it ends too soon.
Write it anew.

\tat org.apache.spark.api.python.BasePythonRunner$ReaderIterator.handlePythonException(PythonRunner.scala:642)
Caused by: java.lang.Exception: another
"""
BY_A_FILTER = """An error occurred while calling o77.collectToPython.
: org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "/x/spark/stage.py", line 88, in _measure
    raise RuntimeError(self._blame(batch, error)) from None
RuntimeError: repetition failed on sequence_id 7: ValueError: seven
\tat org.apache.spark.api.python.BasePythonRunner$ReaderIterator.handlePythonException(PythonRunner.scala:642)
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            UNREADABLE.format(uri="file:///data/a%20b.parquet"),
            "/data/a b.parquet is damaged, or cannot be read: TProtocolException: don't know \\x1b[31mwhat type: 15.\n",
            id="a file on this machine",
        ),
        pytest.param(
            UNREADABLE.format(uri="hdfs://host:9000/data/a.parquet"),
            "hdfs://host:9000/data/a.parquet is damaged, or cannot be read: ",
            id="a file on shared storage",
        ),
        pytest.param(
            IN_GENERATED_CODE,
            "my data is damaged, or cannot be read: ArrayIndexOutOfBoundsException: Index 250 out of",
            id="an error that does not say which file",
        ),
        pytest.param(
            BY_A_TASK,
            "/data/a b.jsonl.gz cannot be read: it ends too soon.\nWrite it anew.",
            id="a UserError of a task",
        ),
        pytest.param(
            BY_A_FILTER,
            "my data: RuntimeError: repetition failed on sequence_id 7: ValueError: seven (details",
            id="filter",
        ),
        pytest.param(
            IN_GENERATED_CODE.replace("java.lang.ArrayIndexOutOfBoundsException", "a.b.TTransportException"),
            "my data is damaged, or cannot be read: the file ends too early",
            id="a page that ends too early",
        ),
        pytest.param(
            "Lost task 0.0 (executor driver): java.lang.RuntimeException: --duplicates a: expected numbers\n\tat x",
            "--duplicates a: expected numbers",
            id="raised by a column on Spark 3.5",
        ),
        pytest.param("", "my data: unknown error (details in run.log)", id="nothing"),
        pytest.param("\x1b[2J", "my data: \\x1b[2J (details in run.log)", id="an escape sequence"),
    ],
)
def test_a_message_has_at_most_two_lines_and_names_the_data(text: str, expected: str) -> None:
    message = failure_message(RuntimeError(text), "my data")
    assert message.startswith(expected)
    assert len(message.splitlines()) <= 2
    assert all(line.isprintable() for line in message.split("\n"))


def test_a_user_error_is_shown_unchanged_but_printable() -> None:
    assert failure_message(UserError("one\x07\ntwo"), "my data") == "one\\x07\ntwo"


def test_a_user_error_is_found_in_the_traceback_that_python_writes() -> None:
    """Python writes the module that defines the class: `filters.errors.UserError`, not `utils.UserError`."""
    written = "".join(traceback.format_exception_only(UserError("expected a, found b.\nGive a.")))
    assert written.startswith("filters.errors.UserError: ")
    error = RuntimeError(f"PythonException: Traceback (most recent call last):\n{written}\n\tat org.apache.spark.X\n")
    assert failure_message(error, "my data") == "expected a, found b.\nGive a."


def test_a_cause_with_a_remedy_is_not_taken_for_a_damaged_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYSPARK_PYTHON", "/usr/bin/python3")
    text = "Traceback (most recent call last):\nModuleNotFoundError: No module named 'pyarrow'\n"
    assert failure_message(RuntimeError(text), "my data") == (
        "my data: ModuleNotFoundError: No module named 'pyarrow' (details in run.log).\n"
        "Spark's workers run /usr/bin/python3: set PYSPARK_PYTHON to a Python with the packages of requirements.txt."
    )
    cause = "java.nio.file.InvalidPathException: Malformed input or input contains unmappable characters: /?"
    unreadable = UNREADABLE.format(uri="file:///x").replace("java.io.IOException", cause) + f"Caused by: {cause}\n"
    assert failure_message(RuntimeError(unreadable), "my data").endswith("(executors: spark.executorEnv.LC_ALL).")
