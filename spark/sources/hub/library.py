"""Connect `huggingface_hub` to this program: endpoint, timeouts, and what the user sees of its retries."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from spark.sources.hub.errors import HubError
from utils import printable

if TYPE_CHECKING:
    from huggingface_hub import HfApi

PUBLIC_ENDPOINT = "https://huggingface.co"
COMMIT = re.compile(r"[0-9a-f]{40}")
# The library's warnings about a wait, and about a commit taken from the cache.
RELAYED = ("etrying", "before retry", "Using cached commit")


def ignore(message: str) -> None:
    """Ignore a progress message."""


def endpoint_of_environment() -> str:
    """Return the Hub's URL from HF_ENDPOINT, or the public one; raise HubError if it is no URL."""
    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or PUBLIC_ENDPOINT
    if not re.match(r"https?://[^/]", endpoint):
        raise HubError(
            f"HF_ENDPOINT: expected a URL such as {PUBLIC_ENDPOINT}, found {printable(endpoint)!r}.\n"
            "Correct it, or unset it."
        )
    return endpoint


def is_offline() -> bool:
    """Return whether HF_HUB_OFFLINE is set now; the library reads it only once, at import."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}


def connect(endpoint: str, timeout_seconds: float) -> HfApi:
    """Return the library's client, with a timeout for repository information, which has none by default."""
    from huggingface_hub import HfApi

    class Api(HfApi):
        def repo_info(self, repo_id: str, **options: Any) -> Any:
            info = super().repo_info(repo_id, **{**options, "timeout": timeout_seconds})
            if not COMMIT.fullmatch(info.sha or ""):
                raise HubError(f"{repo_id}: {endpoint} names no commit.\nCheck HF_ENDPOINT.")
            return info

    return Api(endpoint=endpoint)


@contextmanager
def quiet_library(report: Callable[[str], None]) -> Iterator[None]:
    """Report the library's waits in one line each while the block runs, without its bars and other warnings."""
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    class Relay(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            message = " ".join(record.getMessage().split())
            if any(part in message for part in RELAYED):
                report(printable(message))

    logger = logging.getLogger("huggingface_hub")
    handlers, propagate = logger.handlers, logger.propagate
    if logger.getEffectiveLevel() >= logging.WARNING:  # unless somebody asked to see more
        logger.handlers, logger.propagate = [Relay(logging.WARNING)], False
    shows_bars = not are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if shows_bars:
            enable_progress_bars()
        logger.handlers, logger.propagate = handlers, propagate
