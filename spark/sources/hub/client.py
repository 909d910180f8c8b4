"""The requests that are made to the Hub: which files a repository has, and one file of it."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spark.sources.hub.errors import WITHOUT_NETWORK, HubError
from spark.sources.hub.repository import COMMIT, HubFile, Repository, Snapshot, check_content, require_safe
from spark.sources.hub.retry import RetryPolicy, with_retries
from utils import printable

if TYPE_CHECKING:
    from huggingface_hub import HfApi

PUBLIC_ENDPOINT = "https://huggingface.co"


def tell_nobody(message: str) -> None:
    """Takes a message about the progress and does nothing."""


@dataclass(frozen=True)
class Hub:
    """Where the Hub is, how patiently it is asked, and who hears of the progress; raises HubError for no URL."""

    policy: RetryPolicy = field(default_factory=RetryPolicy)
    report: Callable[[str], None] = tell_nobody
    endpoint: str = field(default_factory=lambda: os.environ.get("HF_ENDPOINT", "").rstrip("/") or PUBLIC_ENDPOINT)

    def __post_init__(self) -> None:
        if not re.match(r"https?://[^/]", self.endpoint):
            raise HubError(
                f"HF_ENDPOINT: expected a URL such as {PUBLIC_ENDPOINT}, found {printable(self.endpoint)!r}.\n"
                "Put it right, or unset it."
            )


def is_offline() -> bool:
    """Whether HF_HUB_OFFLINE forbids to ask the Hub (read now, where the library reads it on import)."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}


def list_snapshot(hub: Hub, repository: Repository, revision: str) -> Snapshot:
    """The commit that a branch, tag or commit stands for now, and its files; raises HubError."""
    api = connect(hub, f"{repository}, revision {printable(revision)}")
    from huggingface_hub.hf_api import RepoFile

    def ask() -> Snapshot:
        information = api.dataset_info if repository.kind == "dataset" else api.model_info
        info = information(repository.name, revision=revision, files_metadata=True, timeout=hub.policy.timeout_seconds)
        if not COMMIT.fullmatch(info.sha or ""):
            raise HubError(f"{repository}: {hub.endpoint} names no commit.\nCheck HF_ENDPOINT.")
        files = [HubFile(f.rfilename, f.size, f.lfs.sha256 if f.lfs else None) for f in info.siblings or ()]
        if info.siblings is None:  # mirrors of the Hub that answer only what its own clients ask for
            tree = api.list_repo_tree(repository.name, recursive=True, revision=info.sha, repo_type=repository.kind)
            files = [HubFile(f.path, f.size, f.lfs.sha256 if f.lfs else None) for f in tree if isinstance(f, RepoFile)]
        return Snapshot(str(info.sha), tuple(require_safe(repository, file) for file in files))

    what = f"{repository}, revision {printable(revision)}, at {hub.endpoint}"
    with quiet_loggers():
        return with_retries(ask, what, hub.policy, hub.report)


def download(
    hub: Hub,
    repository: Repository,
    commit: str,
    file: HubFile,
    directory: Path,
    check: Callable[[Path], None] = lambda path: None,
) -> Path:
    """The file as `directory / file.path`, whole and as `check` wants it; raises HubError.

    check: raises DamagedFileError where the file cannot be what it should be; then it is fetched again.
    """
    api = connect(hub, f"{repository}, file {printable(file.path)}")

    def fetch() -> Path:
        path = Path(
            api.hf_hub_download(
                repository.name,
                file.path,
                repo_type=repository.kind,
                revision=commit,
                local_dir=directory,
                # It also leaves the retries of the first, small request to us: the library's own would
                # begin at once, whatever the Hub asks to wait.
                force_download=True,
                etag_timeout=hub.policy.timeout_seconds,
                tqdm_class=silent_bar(),
            )
        )
        check_content(path, file)
        check(path)
        return path

    what = f"{repository}, file {printable(file.path)}, from {hub.endpoint}"
    with quiet_loggers():
        return with_retries(fetch, what, hub.policy, hub.report)


def connect(hub: Hub, what: str) -> HfApi:
    """The library's client for the hub's endpoint; raises HubError where HF_HUB_OFFLINE is set."""
    if is_offline():
        message = f"{what}: HF_HUB_OFFLINE is set, and the cache lacks it.\n{WITHOUT_NETWORK}"
        raise HubError(message, unreachable=True)
    from huggingface_hub import HfApi

    return HfApi(endpoint=hub.endpoint)


def silent_bar() -> type[Any]:
    """A progress bar for the Hub's library that shows nothing."""
    from huggingface_hub.utils.tqdm import tqdm

    class SilentBar(tqdm):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **{**options, "disable": True})  # type: ignore[no-untyped-call]

    return SilentBar


@contextmanager
def quiet_loggers() -> Iterator[None]:
    """Keeps the Hub's library from warning of each of its own retries while the block runs."""
    logger = logging.getLogger("huggingface_hub")
    level = logger.level
    if logger.getEffectiveLevel() >= logging.WARNING:  # unless somebody asked to hear more
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
