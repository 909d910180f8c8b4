"""Build the message for a failed job from Spark's error: the file or filter, the reason, and what to do."""

from __future__ import annotations

import re

from spark.session.remedies import remedy_for
from spark.storage.paths import path_of_uri
from utils import UserError, printable, printable_lines

# Spark's message for an unreadable file, with the file's URI.
UNREADABLE = re.compile(r"Encountered error while reading file (\S+?)\.?(?:\s|$)")
# A UserError of a Python task, as its traceback ends: `filters.errors.UserError: MESSAGE`, one or two lines of message.
# The module is the one that defines the class, not `utils`, which passes it on.
USER_ERROR_IN_TASK = re.compile(
    rf"^(?:{re.escape(UserError.__module__)}\.)?UserError: (.+(?:\n(?!\s|Caused by|\w+(?:\.\w+)+).+)?)", re.MULTILINE
)
# An error raised by an SQL column: with an error class since Spark 4, before as a plain exception. Messages of this
# project begin with the name of an option.
USER_ERROR_IN_COLUMN = re.compile(
    r"(?:\[USER_RAISED_EXCEPTION\] |java\.lang\.RuntimeException: (?=--))(.+?)(?:\s+SQLSTATE: \w+)?$", re.MULTILINE
)
CAUSE = re.compile(r"^(?:Caused by: )?((?:[\w$]+\.)*[\w$]*(?:Error|Exception|Throwable)\b(?:: .*)?)$", re.MULTILINE)
READS_FILES = re.compile(r"\s+at (?:shaded\.parquet|org\.apache\.parquet|org\.apache\.spark\.sql\.\w+\.datasources)\.")
# Thrift reads the page headers of Parquet, and reports a file that ends early as a transport error.
MESSAGES = {"TTransportException": "the file ends too early"}
# Parquet has codecs whose classes come with neither Spark nor Hadoop, such as Brotli.
MISSING_CODEC = re.compile(r"Class org\.apache\.hadoop\.io\.compress\.(\w+)Codec was not found")
OTHER_CODEC = "Write it again with zstd or Snappy, then continue with the same command and this run's --run_id."
MAX_CAUSE_LENGTH = 300  # characters
ADVICE = "Replace or remove it, then continue with the same command and this run's --run_id."


def failure_message(error: Exception, source: str) -> str:
    """Return the message for the error that ended a job: printable, one or two lines.

    source: path or Hub id of the job's data, for errors that do not name the file.
    """
    text = str(error)
    user_error = USER_ERROR_IN_TASK.search(text) or USER_ERROR_IN_COLUMN.search(text)
    if isinstance(error, UserError) or user_error:
        return printable_lines(user_error[1] if user_error else text)
    cause, position = _last_cause(text)
    unreadable, remedy = UNREADABLE.search(text), remedy_for(cause)
    if remedy:
        return f"{printable(source)}: {cause} (details in run.log).\n{remedy}"
    if missing := MISSING_CODEC.search(text):
        file = path_of_uri(unreadable[1]) if unreadable else source
        return f"{printable(file)} is compressed with {missing[1]}, which Spark cannot read.\n{OTHER_CODEC}"
    if unreadable:
        return f"{printable(path_of_uri(unreadable[1]))} is damaged, or cannot be read: {cause}.\n{ADVICE}"
    if READS_FILES.match(text, position):
        return f"{printable(source)} is damaged, or cannot be read: {cause}.\n{ADVICE}"
    return f"{printable(source)}: {cause} (details in run.log)"


def _last_cause(text: str) -> tuple[str, int]:
    """Return the innermost exception without its package, and the position after it in the text."""
    found = list(CAUSE.finditer(text))
    causes = [each for each in found if each[0].startswith("Caused by")] or found[-1:]
    if not causes:
        first = next(iter(text.strip().splitlines()), "unknown error")
        return printable(first)[:MAX_CAUSE_LENGTH].rstrip(". "), len(text)
    kind, separator, reason = causes[-1][1].partition(": ")
    kind = kind.rsplit(".", 1)[-1]
    message = MESSAGES.get(kind) or kind + separator + reason
    return printable(message)[:MAX_CAUSE_LENGTH].rstrip(". "), causes[-1].end()
