"""What goes wrong between here and the Hub, and what a user can do about it."""

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
BUSY_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})


class HubError(UserError):
    """What could not be had from the Hub, why, and what to do, in one or two lines.

    unreachable: True where the Hub gave no usable answer at all, so that what is cached may serve instead.
    """

    def __init__(self, message: str, *, unreachable: bool = False) -> None:
        super().__init__(message)
        self.unreachable = unreachable


class DamagedFileError(Exception):
    """A file that arrived other than the Hub describes it; fetching it again may mend it."""


class Failure(NamedTuple):
    """Why a request failed.

    advice: what to do about it.
    passing: whether asking again may help, `retry_after` (seconds) being what the Hub asks to wait.
    unreachable: as in HubError. answered: whether anything answered.
    """

    reason: str
    advice: str
    passing: bool = False
    answered: bool = True
    unreachable: bool = False
    retry_after: float = 0.0


def failure_of(error: Exception) -> Failure | None:
    """What an exception of the Hub's libraries means to a user; None where it is not about the Hub at all."""
    import httpx2
    from huggingface_hub.errors import FileMetadataError, HfHubHTTPError, OfflineModeIsEnabled

    # hf_hub_download wraps what happened while it looked the file up.
    cause = error.__cause__ if isinstance(error, (ValueError, FileNotFoundError)) else None
    found = cause if isinstance(cause, Exception) else error
    if isinstance(found, OfflineModeIsEnabled):
        return Failure("HF_HUB_OFFLINE is set, and the cache lacks it", WITHOUT_NETWORK, unreachable=True)
    if isinstance(found, HfHubHTTPError):
        return failure_of_status(found.response.status_code, found.response.headers)
    if isinstance(found, (httpx2.TransportError, ConnectionError, TimeoutError)):
        reason = f"no answer ({type(found).__name__}: {first_line(found)})"
        return Failure(reason, WITHOUT_NETWORK, passing=True, answered=False, unreachable=True)
    if isinstance(found, (json.JSONDecodeError, FileMetadataError)):
        advice = "Check HF_ENDPOINT and the proxy. " + WITHOUT_NETWORK
        return Failure("the answer is not a Hub's", advice, unreachable=True)
    # Without an errno it is the library's own complaint about a file's length; RuntimeError is Xet's.
    if isinstance(found, (DamagedFileError, RuntimeError)) or (isinstance(found, OSError) and not found.errno):
        advice = "Try again later; where it stays so, fetch the file by other means and give a local path."
        return Failure(first_line(found), advice, passing=True)
    if isinstance(found, OSError):
        return Failure(str(found), "See to the disk there, or give another --cache_dir.")
    return None


def failure_of_status(status: int, headers: Mapping[str, str]) -> Failure:
    """What an HTTP status of 400 or more means to a user."""
    code = headers.get("X-Error-Code", "")
    if status in BUSY_STATUSES:
        wait = retry_after(headers, datetime.now(UTC))
        reason = f"the Hub answered {status}"
        return Failure(reason, WITHOUT_NETWORK, passing=True, unreachable=True, retry_after=wait)
    if code == "RevisionNotFound":
        return Failure("there is no such revision", "Give a branch, a tag or a commit that it has.")
    if code == "EntryNotFound":
        return Failure("there is no such file", "Check the name and the revision.")
    if code == "GatedRepo" or status == 403:
        return Failure(f"access is refused ({status})", f"Ask for access on its page, then {LOG_IN}.")
    if status == 401 and "Invalid credentials" in headers.get("X-Error-Message", ""):
        return Failure(
            "the token is not accepted (401)", "Log in again with `hf auth login`, or mend or unset HF_TOKEN."
        )
    if status in (401, 404):
        reason = f"not found, or not for you to see ({status})"
        return Failure(reason, f"Check the name; where it is private, {LOG_IN}.")
    return Failure(f"the Hub answered {status}", "Check the name and HF_ENDPOINT.")


def retry_after(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds that a `Retry-After` or the Hub's `ratelimit` header asks to wait; 0 without either."""
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
    """The first line of an exception's message, safe to print and without its full stop."""
    lines = str(error).strip().splitlines()
    return printable(lines[0]).rstrip(".") if lines else type(error).__name__
