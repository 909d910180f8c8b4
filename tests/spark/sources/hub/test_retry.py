"""Classification of failures, waits between attempts, and the last attempt."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx2
import pytest
from huggingface_hub.errors import (
    CachedRepoTreeNotFoundError,
    FileMetadataError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RevisionResolutionError,
)

from spark.sources.hub.errors import DamagedFileError, HubError, failure_of, retry_after
from spark.sources.hub.retry import RetryPolicy, wait_after, with_retries

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


def http_error(status: int, **headers: str) -> HfHubHTTPError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = httpx2.Request("GET", "http://127.0.0.1/")
    return HfHubHTTPError("refused", response=httpx2.Response(status, headers=named, request=request))


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "passing", "unreachable"),
    [
        (http_error(429), True, True),
        (http_error(500), True, True),
        (http_error(503), True, True),
        (http_error(408), True, True),
        (http_error(401), False, False),
        (http_error(403), False, False),
        (http_error(404), False, False),
        (http_error(404, X_Error_Code="RevisionNotFound"), False, False),
        (http_error(404, X_Error_Code="EntryNotFound"), False, False),
        (http_error(401, X_Error_Message="Invalid credentials in Authorization header"), False, False),
        (http_error(418), False, False),
        # The library tries once to resolve a revision; it has retried every other request.
        (caused(RevisionResolutionError("none"), httpx2.ConnectError("refused")), True, True),
        (caused(RevisionResolutionError("none"), httpx2.ReadTimeout("late")), True, True),
        (caused(RevisionResolutionError("none"), http_error(503)), True, True),
        (RevisionResolutionError("not cached"), False, True),
        (httpx2.RemoteProtocolError("closed"), False, True),
        (caused(LocalEntryNotFoundError("none"), httpx2.ConnectTimeout("late")), False, True),
        (caused(LocalEntryNotFoundError("none"), http_error(503)), False, True),
        (caused(LocalEntryNotFoundError("none"), http_error(403)), False, False),
        (caused(LocalEntryNotFoundError("none"), FileMetadataError("no ETag")), False, True),
        (LocalEntryNotFoundError("not cached"), False, True),
        (CachedRepoTreeNotFoundError("not kept"), False, False),
        (OfflineModeIsEnabled("offline"), False, True),
        (json.JSONDecodeError("Expecting value", "<html>", 0), False, True),
        (OSError("Consistency check failed: file should be of size 3 but has size 2"), True, False),
        (DamagedFileError("cut off"), True, False),
        (RuntimeError("Xet: connection closed"), True, False),
        (OSError(28, "No space left on device"), False, False),
        (PermissionError(13, "Permission denied"), False, False),
    ],
)
def test_failures_are_classified_as_transient_and_unreachable(
    error: Exception, passing: bool, unreachable: bool
) -> None:
    failure = failure_of(error)
    assert failure is not None
    assert (failure.passing, failure.unreachable) == (passing, unreachable)
    assert "\n" not in failure.reason + failure.advice


@pytest.mark.parametrize("error", [KeyError("a bug"), ValueError("a bug"), AssertionError(), TypeError("a bug")])
def test_bug_is_not_treated_as_a_failure_of_the_hub(error: Exception) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)):
        with_retries(fail, "it", RetryPolicy(), print)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"Retry-After": "12"}, 12),
        ({"Retry-After": "Sat, 21 Nov 2026 12:01:30 GMT"}, 90),
        ({"Retry-After": "Sat, 21 Nov 2026 11:00:00 GMT"}, 0),
        ({"Retry-After": "soon"}, 0),
        ({"Retry-After": "-5"}, 0),
        ({"ratelimit": '"api";r=0;t=55'}, 55),
        ({"ratelimit": '"api";r=3;t=55'}, 0),
    ],
)
def test_wait_is_read_from_the_headers_of_the_hub(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers, NOW) == seconds


def test_waits_grow_and_have_jitter() -> None:
    policy = RetryPolicy(first_wait_seconds=2)
    for attempt, full in enumerate([2, 4, 8, 16], start=1):
        waits = [wait_after(attempt, policy) for _ in range(200)]
        assert full / 2 <= min(waits) < max(waits) <= full
        assert len(set(waits)) > 100


def test_each_retry_of_the_policy_is_reported() -> None:
    waits: list[float] = []
    messages: list[str] = []
    tried: list[int] = []

    def fail() -> None:
        tried.append(1)
        raise http_error(503, Retry_After="20")

    policy = RetryPolicy(attempts=3, sleep=waits.append)
    with pytest.raises(HubError, match=r"^the file: the Hub answered 503 \(tried 3 times\)\.\n") as caught:
        with_retries(fail, "the file", policy, messages.append)
    assert caught.value.unreachable
    assert (len(tried), waits) == (3, [20, 20])
    assert messages == [f"the file: the Hub answered 503; trying again in 20.0 s ({n} of 3)" for n in (1, 2)]


def test_policy_without_attempts_is_rejected() -> None:
    with pytest.raises(ValueError, match="at least 1 attempt"):
        RetryPolicy(attempts=0)
