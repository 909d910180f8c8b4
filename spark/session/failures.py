"""What is said of a split that failed: which file or filter it was, why, and what to do, in one or two lines."""

from __future__ import annotations

import re

from spark.storage.paths import path_of_uri
from utils import UserError, printable, printable_lines

# Spark's own words for a file that it could not read, with the file's URI.
UNREADABLE = re.compile(r"Encountered error while reading file (\S+?)\.?(?:\s|$)")
# What a task in Python raised for the user to read, as its traceback ends.
TOLD_BY_A_TASK = re.compile(
    r"^(?:filters\.errors\.)?UserError: (.+(?:\n(?!\s|Caused by|\w+(?:\.\w+)+).+)?)", re.MULTILINE
)
# What a column raised: since Spark 4 under a name, before as any exception; ours begin with an option.
TOLD_BY_A_COLUMN = re.compile(
    r"(?:\[USER_RAISED_EXCEPTION\] |java\.lang\.RuntimeException: (?=--))(.+?)(?:\s+SQLSTATE: \w+)?$", re.MULTILINE
)
CAUSE = re.compile(r"^(?:Caused by: )?((?:[\w$]+\.)*[\w$]*(?:Error|Exception|Throwable)\b(?:: .*)?)$", re.MULTILINE)
READS_FILES = re.compile(r"\s+at (?:shaded\.parquet|org\.apache\.parquet|org\.apache\.spark\.sql\.\w+\.datasources)\.")
# Thrift reads the headers of Parquet's pages as if from a network.
WORDS_FOR = {"TTransportException": "its contents end too early"}
LONGEST_CAUSE = 300
MEND = "Write it anew or take it away; the same command with --run_id of this run then measures what is missing."


def failure_message(error: Exception, source: str) -> str:
    """What a person needs of the error that ended a split, safe to print.

    source: where the split's data lies, for errors that do not name the file themselves.
    """
    text = str(error)
    told = TOLD_BY_A_TASK.search(text) or TOLD_BY_A_COLUMN.search(text)
    if isinstance(error, UserError) or told:
        return printable_lines(told[1] if told else text)
    cause, position = _last_cause(text)
    unreadable = UNREADABLE.search(text)
    if unreadable:
        return f"{printable(path_of_uri(unreadable[1]))} is damaged, or cannot be read: {cause}.\n{MEND}"
    if READS_FILES.match(text, position):
        return f"{printable(source)} is damaged, or cannot be read: {cause}.\n{MEND}"
    return f"{printable(source)}: {cause} (more in run.log)"


def _last_cause(text: str) -> tuple[str, int]:
    """The innermost exception, without its package, and where what follows it begins."""
    found = list(CAUSE.finditer(text))
    causes = [each for each in found if each[0].startswith("Caused by")] or found[-1:]
    if not causes:
        first = next(iter(text.strip().splitlines()), "no reason given")
        return printable(first)[:LONGEST_CAUSE].rstrip(". "), len(text)
    kind, separator, reason = causes[-1][1].partition(": ")
    kind = kind.rsplit(".", 1)[-1]
    words = WORDS_FOR.get(kind) or kind + separator + reason
    return printable(words)[:LONGEST_CAUSE].rstrip(". "), causes[-1].end()
