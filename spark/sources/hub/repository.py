"""Fetch files of one repository of the Hub into the cache of `huggingface_hub`.

The library keeps the cache and its locks, pins commits, serves offline, and resumes and retries downloads.
`HubRepository` adds what it lacks: retries and a timeout for the request that resolves a revision, the cached
commit when the Hub answers 429, and another download when a file is damaged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from spark.sources.hub.errors import HubError
from spark.sources.hub.files import HubFile, require_repository_name, require_safe, require_whole
from spark.sources.hub.library import connect, endpoint_of_environment, ignore, is_offline, quiet_library
from spark.sources.hub.retry import RetryPolicy, with_retries
from utils import printable

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class HubRepository:
    """A repository of the Hub, such as the dataset `EleutherAI/pythia-memorized-evals`.

    cache_directory: the program's own; the library's cache lies in `hub` below it.
    """

    kind: Literal["dataset", "model"]
    name: str
    cache_directory: Path
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    report: Callable[[str], None] = ignore
    endpoint: str = field(default_factory=endpoint_of_environment)

    def __post_init__(self) -> None:
        require_repository_name(self.name)

    def __str__(self) -> str:
        return f"{self.kind} {printable(self.name)}"

    @cached_property
    def _place(self) -> dict[str, Any]:
        """Arguments that most functions of the library share."""
        return {"repo_id": self.name, "repo_type": self.kind, "cache_dir": str(self.cache_directory / "hub")}

    def resolve(self, revision: str) -> str:
        """Return the commit that a branch, tag or commit stands for; raise HubError.

        If the Hub cannot be reached, return the commit it stood for when last asked.
        """
        from huggingface_hub.errors import RevisionResolutionError

        api = connect(self.endpoint, self.policy.timeout_seconds)
        resolve = partial(api.resolve_revision, **self._place, revision=revision)
        what = f"{self}, revision {printable(revision)}, at {self.endpoint}"
        try:
            return self._ask(lambda: resolve(local_files_only=is_offline()).resolved, what)
        except HubError as error:
            if not error.unreachable:
                raise
            try:
                commit = resolve(local_files_only=True).resolved
            except RevisionResolutionError:
                raise error from None
            self.report(f"{str(error).splitlines()[0]} Using cached commit {commit[:12]}.")
            return commit

    def list_files(self, commit: str) -> dict[str, HubFile]:
        """Return all files at a commit by their paths; raise HubError."""
        from huggingface_hub import get_cached_repo_tree, snapshot_download
        from huggingface_hub.errors import CachedRepoTreeNotFoundError

        cached_tree = partial(get_cached_repo_tree, **self._place, revision=commit)

        def ask() -> list[HubFile]:
            try:
                tree = cached_tree()
            except CachedRepoTreeNotFoundError:
                # Without a file to fetch, this only keeps the list of files in the cache.
                snapshot_download(
                    **self._place,
                    revision=commit,
                    allow_patterns=[],
                    endpoint=self.endpoint,
                    local_files_only=is_offline(),
                )
                tree = cached_tree()
            return [HubFile(file.path, file.size) for file in tree]

        files = self._ask(ask, f"{self}, revision {printable(commit)}, at {self.endpoint}")
        return {file.path: require_safe(self, file) for file in files}

    def fetch(
        self, commit: str, files: Sequence[HubFile], check: Callable[[Path], None] = lambda path: None
    ) -> tuple[Path, ...]:
        """Return the paths of files in the cache, fetched if they are not there whole; raise HubError.

        check: raises DamagedFileError if a file is not what it should be; such a file is fetched again.
        """
        count = len(files)
        return tuple(self._fetch(commit, file, f"file {n} of {count}", check) for n, file in enumerate(files, 1))

    def _fetch(self, commit: str, file: HubFile, place: str, check: Callable[[Path], None]) -> Path:
        from huggingface_hub import hf_hub_download, try_to_load_from_cache

        def attempt() -> Path:
            is_cached = isinstance(try_to_load_from_cache(filename=file.path, revision=commit, **self._place), str)
            if not is_cached and not is_offline():
                self.report(f"{self}: {place}, {printable(file.path)}, {file.size / 1e6:,.1f} MB")
            path = hf_hub_download(
                **self._place,
                filename=file.path,
                revision=commit,
                endpoint=self.endpoint,
                etag_timeout=self.policy.timeout_seconds,
                local_files_only=is_offline(),
            )
            return require_whole(Path(path), file.size, check, is_new=not is_cached)

        return self._ask(attempt, f"{self}, file {printable(file.path)}, from {self.endpoint}")

    def _ask(self, action: Callable[[], Answer], what: str) -> Answer:
        with quiet_library(self.report):
            return with_retries(action, what, self.policy, self.report)
