"""Read one split of a dataset as local Parquet: from the Hub, or from a directory laid out like one there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from spark.sources.hub.conversion import fetch_as_parquet, local_as_parquet
from spark.sources.hub.errors import HubError
from spark.sources.hub.files import HubFile, require_repository_name
from spark.sources.hub.library import ignore
from spark.sources.hub.parquet import require_readable
from spark.sources.hub.repository import HubRepository
from spark.sources.hub.retry import RetryPolicy
from spark.sources.hub.splits import CARD, card_configurations, local_configurations, splits_of
from spark.storage.paths import AnyPath, files_below, storage_path
from utils import nearest, printable

MAIN = "main"


@dataclass(frozen=True)
class HubDataset:
    """A dataset of the Hub by its id, such as `EleutherAI/pythia-memorized-evals`.

    revision: a branch, tag or commit; None for `main`. Raises HubError if the id is not valid.
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
    """The Parquet files of one split, in order, and their origin as in ResolvedDataset."""

    paths: tuple[AnyPath, ...]
    repository: str
    revision: str | None
    split: str


def resolve_dataset(
    source: HubDataset | AnyPath,
    cache_directory: Path,
    *,
    retry: RetryPolicy | None = None,
    on_progress: Callable[[str], None] = ignore,
) -> ResolvedDataset:
    """Return the dataset at the commit that its revision stands for now; raise HubError.

    Pass it to `fetch_split` for every split of a run, so that all are of one commit. Without a network, or with
    HF_HUB_OFFLINE=1, the commit is the one the revision stood for when the Hub was last asked.
    """
    if not isinstance(source, HubDataset):
        return ResolvedDataset(str(source), None, local_splits(source))
    repository = HubRepository("dataset", source.repository, cache_directory, retry or RetryPolicy(), on_progress)
    commit = repository.resolve(source.revision or MAIN)
    files = repository.list_files(commit)
    card = repository.fetch(commit, [files[CARD]])[0] if CARD in files else None
    splits = splits_of(str(repository), files, card_configurations(str(repository), card) if card else [])
    return ResolvedDataset(
        source.repository, commit, {split: tuple(files[name] for name in names) for split, names in splits.items()}
    )


def local_splits(directory: AnyPath) -> dict[str, tuple[HubFile, ...]]:
    """Return the files of each split of a local directory that is laid out like a dataset of the Hub."""
    if not directory.is_dir():
        raise HubError(f"Expected a directory, found none at {printable(str(directory))}.\nCheck the path.")
    sizes = {name.as_posix(): path.stat().st_size for name, path in files_below(directory).items()}
    splits = splits_of(str(directory), sizes, local_configurations(directory))
    return {split: tuple(HubFile(name, sizes[name]) for name in names) for split, names in splits.items()}


def fetch_split(
    source: HubDataset | AnyPath | ResolvedDataset,
    split: str,
    cache_directory: Path,
    *,
    retry: RetryPolicy | None = None,
    on_progress: Callable[[str], None] = ignore,
) -> FetchedSplit:
    """Return the Parquet files of one split, and fetch no other split's files; raise HubError.

    Files of the Hub lie in `cache_directory/hub`, the cache of `huggingface_hub`; Parquet files of a local
    directory stay where they are. JSON lines, CSV and Arrow files are converted in `cache_directory/converted`.
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
    files = dataset.splits[split]
    for file in files:
        require_readable(dataset.repository, file.path)
    paths: tuple[AnyPath, ...]
    if dataset.revision is None:
        paths = local_as_parquet(storage_path(dataset.repository), files, cache_directory)
    else:
        repository = HubRepository("dataset", dataset.repository, cache_directory, retry or RetryPolicy(), on_progress)
        paths = fetch_as_parquet(repository, dataset.revision, files)
    return FetchedSplit(paths, dataset.repository, dataset.revision, split)
