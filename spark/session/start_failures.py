"""Build the message for an error that keeps Spark from starting."""

from __future__ import annotations

import re

from spark.session.remedies import remedy_for
from utils import printable

MAX_REASON_LENGTH = 300  # characters
# Where a reason stands: in Java's stack trace, or in what Java printed before it ended. The first that is found counts.
REASONS = (
    re.compile(r"^Caused by: (?![\s\S]*^Caused by: )(.+)$", re.MULTILINE),  # the innermost
    re.compile(r"^: ((?:[\w$]+\.)+[\w$]+(?:: .*)?)$", re.MULTILINE),
    re.compile(r'^Exception in thread "main" (.+)$', re.MULTILINE),
    re.compile(r"^Error occurred during initialization of VM\n(.+)$", re.MULTILINE),
    re.compile(r"^(?:# )?(There is insufficient memory .+)$", re.MULTILINE),
    re.compile(r"^(.+)\nError: Could not create the Java Virtual Machine", re.MULTILINE),
    re.compile(r" ERROR [\w$.]+: (?![\s\S]* ERROR )(.+)$", re.MULTILINE),  # the last in Spark's log
)
PACKAGE = re.compile(r"^(?:[\w$]+\.)+(?=[\w$]+(?::|$))")
ADVICE = "Correct this, then continue with the same command and this run's --run_id."


def start_failure(text: str) -> str | None:
    """Return the message for a failed start, printable, in two lines; None if the text does not tell the reason.

    text: Java's stack trace, or what Java printed before it ended.
    """
    reason = reason_in(text)
    return reason and f"Spark did not start: {reason} (details in run.log).\n{remedy_for(reason) or ADVICE}"


def reason_in(text: str) -> str | None:
    """Return the reason that Java gave, printable, in one line without the package; None if there is none."""
    found = next((match for match in (reason.search(text) for reason in REASONS) if match), None)
    if found is None:
        return None
    return printable(PACKAGE.sub("", found[1].strip()))[:MAX_REASON_LENGTH].rstrip(". ")
