"""Datasets of the Hub, or local directories laid out like them, as local Parquet, one split at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from spark.sources.hub.client import Hub, download, tell_nobody
from spark.sources.hub.errors import HubError
from spark.sources.hub.land import land_local, land_remote
from spark.sources.hub.parquet import require_readable
from spark.sources.hub.pin import pin
from spark.sources.hub.repository import HubFile, Repository, Snapshot, require_repository_name
from spark.sources.hub.retry import RetryPolicy
from spark.sources.hub.splits import CARD, splits_of
from spark.storage.paths import AnyPath, files_below, storage_path
from utils import nearest, printable

MAIN = "main"


@dataclass(frozen=True)
class HubDataset:
    """A dataset of the Hub by its id, such as `EleutherAI/pythia-memorized-evals`.

    revision: a branch, tag or commit; None for `main`. Raises HubError for what can be no id.
    """

    repository: str
    revision: str | None = None

    def __post_init__(self) -> None:
        require_repository_name(self.repository)


@dataclass(frozen=True)
class ResolvedDataset:
    """A dataset at one commit: the files of each of its splits.

    repository: its id, or the path of the directory. revision: the commit; None for a directory.
    """

    repository: str
    revision: str | None
    splits: Mapping[str, tuple[HubFile, ...]]


@dataclass(frozen=True)
class FetchedSplit:
    """The Parquet files that hold one split, in order, and where they are from, as in ResolvedDataset."""

    paths: tuple[AnyPath, ...]
    repository: str
    revision: str | None
    split: str


def resolve_dataset(
    source: HubDataset | AnyPath,
    cache_directory: Path,
    *,
    retry: RetryPolicy | None = None,
    on_progress: Callable[[str], None] = tell_nobody,
) -> ResolvedDataset:
    """The dataset at the commit that its revision stands for now; hand it to `fetch_split` for every split
    of a run, so that all are of that commit. Raises HubError.

    Without a network, or with HF_HUB_OFFLINE=1, the commit is the one it stood for when last asked.
    """
    if not isinstance(source, HubDataset):
        return ResolvedDataset(str(source), None, local_splits(source))
    hub = Hub(retry or RetryPolicy(), on_progress)
    repository = Repository("dataset", source.repository)
    home = home_of(source.repository, cache_directory)

    def group(snapshot: Snapshot, scratch: Path) -> dict[str, tuple[HubFile, ...]]:
        files = {file.path: file for file in snapshot.files}
        card = files.get(CARD)
        path = download(hub, repository, snapshot.commit, card, scratch) if card else None
        splits = splits_of(str(repository), files, path)
        return {split: tuple(files[name] for name in names) for split, names in splits.items()}

    commit, splits = pin(hub, repository, source.revision or MAIN, home, group)
    return ResolvedDataset(source.repository, commit, splits)


def local_splits(directory: AnyPath) -> dict[str, tuple[HubFile, ...]]:
    """The files of each split of a local directory that is laid out as a dataset of the Hub."""
    if not directory.is_dir():
        raise HubError(f"Expected a directory, found none at {printable(str(directory))}.\nCheck the path.")
    card = directory / CARD
    sizes = {name.as_posix(): path.stat().st_size for name, path in files_below(directory).items()}
    splits = splits_of(str(directory), sizes, card if card.is_file() else None)
    return {split: tuple(HubFile(name, sizes[name]) for name in names) for split, names in splits.items()}


def fetch_split(
    source: HubDataset | AnyPath | ResolvedDataset,
    split: str,
    cache_directory: Path,
    *,
    retry: RetryPolicy | None = None,
    on_progress: Callable[[str], None] = tell_nobody,
) -> FetchedSplit:
    """The Parquet files of one split; no other split's files travel. Raises HubError.

    They lie at `cache_directory/hub/{owner}--{name}/{commit}/{split}/`; Parquet files of a local directory
    stay where they are. JSON lines, CSV and Arrow files are converted to Parquet in the cache.
    """
    dataset = source
    if not isinstance(dataset, ResolvedDataset):
        dataset = resolve_dataset(dataset, cache_directory, retry=retry, on_progress=on_progress)
    if split not in dataset.splits:
        meant = nearest(split, dataset.splits)
        raise HubError(
            f"{printable(dataset.repository)} has no split {printable(split)!r}{meant}.\n"
            f"Its splits: {', '.join(dataset.splits)}."
        )
    for file in dataset.splits[split]:
        require_readable(dataset.repository, file.path)
    files = dataset.splits[split]
    if dataset.revision is None:
        paths = land_local(storage_path(dataset.repository), files, cache_directory / "local")
    else:
        hub = Hub(retry or RetryPolicy(), on_progress)
        repository = Repository("dataset", dataset.repository)
        entry = home_of(dataset.repository, cache_directory) / dataset.revision / split
        paths = land_remote(hub, repository, dataset.revision, files, entry)
    return FetchedSplit(paths, dataset.repository, dataset.revision, split)


def home_of(repository: str, cache_directory: Path) -> Path:
    """Where everything of a dataset of the Hub is cached."""
    return cache_directory / "hub" / repository.replace("/", "--")
