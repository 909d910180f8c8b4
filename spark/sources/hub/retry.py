"""Asking the Hub again, with growing waits, where that can help."""

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
    """How patiently the Hub is asked.

    attempts: how often one thing is asked for before giving up, at least 1.
    attempts_without_answer: the same, where nothing answers at all.
    first_wait_seconds, longest_wait_seconds: the wait doubles from the first to the longest, each shortened
        at random by up to a half, so that many processes do not come back at the same moment.
    longest_retry_after_seconds: what the Hub itself asks to wait is kept up to this, and beyond it given up.
    timeout_seconds: how long to wait for the answer to one request about a repository or a file.
    sleep: waits as many seconds as it is given.
    """

    attempts: int = 5
    attempts_without_answer: int = 5
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 30.0
    longest_retry_after_seconds: float = 300.0
    timeout_seconds: float = 30.0
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        if min(self.attempts, self.attempts_without_answer) < 1:
            raise ValueError("expected at least 1 attempt")


def with_retries(action: Callable[[], Answer], what: str, policy: RetryPolicy, report: Callable[[str], None]) -> Answer:
    """What `action` returns; raises HubError, beginning with `what`, once it has failed for good."""
    attempt = 1
    while True:
        try:
            return action()
        except UserError:
            raise
        except Exception as error:
            failure = failure_of(error)
            if failure is None:
                raise
            attempts = policy.attempts if failure.answered else policy.attempts_without_answer
            tries = f" (tried {attempt} times)" if attempt > 1 else ""
            if not failure.passing or attempt >= attempts:
                message = f"{what}: {failure.reason}{tries}.\n{failure.advice}"
                raise HubError(message, unreachable=failure.unreachable) from error
            if failure.retry_after > policy.longest_retry_after_seconds:
                message = f"{what}: {failure.reason} and asks to wait {failure.retry_after:.0f} s{tries}."
                raise HubError(f"{message}\nRun again after that.", unreachable=True) from error
            wait = max(failure.retry_after, wait_after(attempt, policy))
            report(f"{what}: {failure.reason}; trying again in {wait:.1f} s ({attempt} of {attempts})")
        policy.sleep(wait)
        attempt += 1


def wait_after(attempt: int, policy: RetryPolicy) -> float:
    """Seconds to wait after the failed attempt of this number, counted from 1."""
    full = min(policy.longest_wait_seconds, policy.first_wait_seconds * 2.0 ** (attempt - 1))
    return full * random.uniform(0.5, 1.0)
