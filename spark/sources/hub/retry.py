"""Retry what the library gives up at once: a busy Hub at the first request, a 5xx or a damaged file later.

The library retries the rest by itself, with its own waits; it honours Retry-After there.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from spark.sources.hub.errors import HubError, failure_of
from utils import UserError

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long to retry.

    attempts: at least 1.
    first_wait_seconds: doubles with every attempt, and is shortened at random by up to a half, so that many
        processes do not come back at the same moment.
    longest_retry_after_seconds: give up if the Hub asks for a longer wait.
    timeout_seconds: for the answer to one request about a repository or a file.
    sleep: waits the given number of seconds.
    """

    attempts: int = 5
    first_wait_seconds: float = 1.0
    longest_retry_after_seconds: float = 300.0
    timeout_seconds: float = 30.0
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError("expected at least 1 attempt")


def with_retries(action: Callable[[], Answer], what: str, policy: RetryPolicy, report: Callable[[str], None]) -> Answer:
    """Return the result of `action`; raise HubError, beginning with `what`, if it fails for good."""
    for attempt in range(1, policy.attempts + 1):
        try:
            return action()
        except UserError:
            raise
        except Exception as error:
            failure = failure_of(error)
            if failure is None:
                raise
            tries = f" (tried {attempt} times)" if attempt > 1 else ""
            if failure.retry_after > policy.longest_retry_after_seconds:
                message = f"{what}: {failure.reason} and asks to wait {failure.retry_after:.0f} s{tries}."
                raise HubError(f"{message}\nRun again after that.", unreachable=True) from error
            if not failure.passing or attempt == policy.attempts:
                message = f"{what}: {failure.reason}{tries}.\n{failure.advice}"
                raise HubError(message, unreachable=failure.unreachable) from error
            wait = max(failure.retry_after, wait_after(attempt, policy))
            report(f"{what}: {failure.reason}; trying again in {wait:.1f} s ({attempt} of {policy.attempts})")
        policy.sleep(wait)
    raise AssertionError("a policy has at least one attempt")


def wait_after(attempt: int, policy: RetryPolicy) -> float:
    """Return the seconds to wait after a failed attempt, counted from 1."""
    return policy.first_wait_seconds * 2.0 ** (attempt - 1) * random.uniform(0.5, 1.0)
