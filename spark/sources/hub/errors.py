"""Errors of the Hub in one or two lines: what failed, why, and what to do.

The library's own messages run over many lines, and do not know this program's options.
"""

from __future__ import annotations

import email.utils
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from utils import UserError, printable

WITHOUT_NETWORK = (
    "Without a network: give a local path instead, or run once where there is one, "
    "with --cache_dir on storage that both machines see."
)
LOG_IN = "log in with `hf auth login` or set HF_TOKEN"
CHECK_DISK = "Check the disk there, or give another --cache_dir."
BUSY_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})


class HubError(UserError):
    """What could not be fetched from the Hub, why, and what to do, in one or two lines.

    unreachable: True if the Hub gave no usable answer, so that the cache may serve instead.
    """

    def __init__(self, message: str, *, unreachable: bool = False) -> None:
        super().__init__(message)
        self.unreachable = unreachable


class DamagedFileError(Exception):
    """A file that differs from what the Hub states; fetching it again may help."""


class Failure(NamedTuple):
    """Why a request failed.

    advice: what to do. passing: whether a retry may help, after `retry_after` seconds if the Hub asks for them.
    unreachable: as in HubError.
    """

    reason: str
    advice: str
    passing: bool = False
    unreachable: bool = False
    retry_after: float = 0.0


def failure_of(error: Exception) -> Failure | None:
    """Return what an exception of the library means to a user; None if it is not about the Hub."""
    from huggingface_hub import errors
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]  # the base of its client's errors

    is_wrapper = isinstance(error, (errors.LocalEntryNotFoundError, errors.RevisionResolutionError))
    found = error.__cause__ if is_wrapper else error
    if found is None or isinstance(found, errors.OfflineModeIsEnabled):
        return Failure("HF_HUB_OFFLINE is set, and the cache lacks it", WITHOUT_NETWORK, unreachable=True)
    if isinstance(found, errors.HfHubHTTPError):
        failure = failure_of_status(found.response.status_code, found.response.headers)
        # The library has retried what led it to look for a local entry.
        return failure._replace(passing=False) if isinstance(error, errors.LocalEntryNotFoundError) else failure
    if isinstance(found, (json.JSONDecodeError, errors.FileMetadataError)):
        return Failure(
            "the answer is not a Hub's", f"Check HF_ENDPOINT and the proxy. {WITHOUT_NETWORK}", unreachable=True
        )
    if isinstance(found, (HTTPError, ConnectionError, TimeoutError)):
        reason = f"no answer ({type(found).__name__}: {first_line(found)})"
        # The library has retried this too, except while it resolved a revision.
        passing = isinstance(error, errors.RevisionResolutionError)
        return Failure(reason, WITHOUT_NETWORK, passing=passing, unreachable=True)
    if isinstance(found, errors.CachedRepoTreeNotFoundError):
        return Failure("the cache did not keep the list of its files", CHECK_DISK)
    # Without an errno it is the library's own complaint about a file's length; RuntimeError is Xet's.
    if isinstance(found, (DamagedFileError, RuntimeError)) or (isinstance(found, OSError) and not found.errno):
        advice = "Try again later; if it persists, fetch the file by other means and give a local path."
        return Failure(first_line(found), advice, passing=True)
    return Failure(str(found), CHECK_DISK) if isinstance(found, OSError) else None


def failure_of_status(status: int, headers: Mapping[str, str]) -> Failure:
    """Return what an HTTP status of 400 or more means to a user."""
    code = headers.get("X-Error-Code", "")
    if status in BUSY_STATUSES:
        wait = retry_after(headers, datetime.now(UTC))
        reason = f"the Hub answered {status}"
        return Failure(reason, WITHOUT_NETWORK, passing=True, unreachable=True, retry_after=wait)
    if code == "RevisionNotFound":
        return Failure("there is no such revision", "Give a branch, a tag or a commit of it.")
    if code == "EntryNotFound":
        return Failure("there is no such file", "Check the name and the revision.")
    if code == "GatedRepo" or status == 403:
        return Failure(f"access is refused ({status})", f"Ask for access on its page, then {LOG_IN}.")
    if status == 401 and "Invalid credentials" in headers.get("X-Error-Message", ""):
        return Failure(
            "the token is not accepted (401)", "Log in again with `hf auth login`, or correct or unset HF_TOKEN."
        )
    if status in (401, 404):
        reason = f"not found, or not for you to see ({status})"
        return Failure(reason, f"Check the name; if it is private, {LOG_IN}.")
    return Failure(f"the Hub answered {status}", "Check the name and HF_ENDPOINT.")


def retry_after(headers: Mapping[str, str], now: datetime) -> float:
    """Return the seconds that a `Retry-After` or the Hub's `ratelimit` header asks to wait; 0 without either."""
    from huggingface_hub.utils import parse_ratelimit_headers  # type: ignore[attr-defined]

    asked = headers.get("Retry-After", "").strip()
    if asked.isdecimal():
        return float(asked)
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(asked) - now).total_seconds())
    except (ValueError, TypeError):
        limit = parse_ratelimit_headers(headers)
    return float(limit.reset_in_seconds) if limit is not None and limit.remaining == 0 else 0.0


def first_line(error: BaseException) -> str:
    """Return the first line of an exception's message, safe to print and without its full stop."""
    lines = str(error).strip().splitlines()
    return printable(lines[0]).rstrip(".") if lines else type(error).__name__
