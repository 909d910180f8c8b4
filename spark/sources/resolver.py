"""Resolve table and model locations to local files, downloading from the Hub if needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from features.semantic_duplicates.model import EmbeddingModel, read_embedding_model
from filters.vocabulary import Vocabulary, read_vocabulary
from spark.sources.catalog import ModelLocation, TableLocation
from spark.sources.formats.parquet import open_parquet
from spark.sources.hub.datasets import HubDataset, ResolvedDataset, fetch_split, resolve_dataset
from spark.sources.hub.library import ignore
from spark.sources.hub.model import fetch_model
from spark.sources.hub.tokenizer import fetch_tokenizer
from spark.sources.hub_layout import is_hub_layout
from spark.sources.local_files import describe_files, find_files, holds_corpus
from spark.sources.partitions import with_partitions
from spark.sources.patterns import base_of
from spark.sources.registry import ReadOptions, format_of
from spark.sources.saved_datasets import split_directory
from spark.sources.shards import require_all_shards
from spark.sources.source import Source
from spark.storage.paths import AnyPath, is_local, local_copy, require_reachable, storage_path
from spark.storage.publishing import PARTITIONS
from utils import UserError, printable


@dataclass
class Resolver:
    """Resolver of tables and models. It resolves each dataset once, so that a run reads only one commit of it.

    revisions: by Hub id, the commit, tag or branch to read.
    on_progress: called with a message while data is located or downloaded.
    on_note: called with a message about data that the tables will lack.
    formats: the names of the formats of the local files that were opened.
    """

    cache_directory: Path
    revisions: Mapping[str, str]
    on_progress: Callable[[str], None]
    on_note: Callable[[str], None] = ignore
    resolved: dict[str, ResolvedDataset] = field(default_factory=dict)
    vocabularies: dict[str, Vocabulary] = field(default_factory=dict)
    model_commits: dict[str, str] = field(default_factory=dict)
    formats: set[str] = field(default_factory=set)

    def files(self, location: TableLocation, options: ReadOptions | None = None) -> Source:
        """Return the source at a location, downloaded if needed; raise UserError if it is missing or damaged."""
        is_user_data, options = options is not None, options or ReadOptions()
        path = storage_path(location.source)
        require_reachable(path)
        if location.is_local and (not is_hub_layout(path) or (options.as_corpus and holds_corpus(path))):
            found = find_files(split_directory(path, location.split), options.as_corpus)
            self.formats.add(getattr(format_of(found[0]), "name", ""))
            source = describe_files(found, options)
            # A run writes folders of its own; as input, they are no columns.
            return with_partitions(source, base_of(path), PARTITIONS) if is_user_data else source
        dataset = self.resolve(location)
        split = location.split or _only_split(dataset)
        if location.is_local:
            require_all_shards(str(path), (PurePosixPath(file.path) for file in dataset.splits.get(split, ())))
        fetched = fetch_split(dataset, split, self.cache_directory, on_progress=self.on_progress)
        source = open_parquet(fetched.paths)  # `fetch_split` converts other formats
        if not is_user_data:
            return source
        names = (file.path for file in dataset.splits[split])
        return with_partitions(source, path, PARTITIONS, dict(zip(fetched.paths, names, strict=True)))

    def resolve(self, location: TableLocation) -> ResolvedDataset:
        """Return the dataset of a location; every call returns the same commit."""
        if location.source not in self.resolved:
            source: HubDataset | AnyPath = storage_path(location.source)
            if not location.is_local:
                source = HubDataset(location.source, self.revisions.get(location.source))
            self.resolved[location.source] = resolve_dataset(source, self.cache_directory, on_progress=self.on_progress)
        return self.resolved[location.source]

    def vocabulary(self, tokenizer: str) -> Vocabulary:
        """Return the vocabulary of a tokenizer, given its local path or Hub id; raise UserError if there is none."""
        if tokenizer not in self.vocabularies:
            given = storage_path(tokenizer)
            require_reachable(given)
            if tokenizer.endswith(".json") and not given.is_file():
                raise UserError(
                    f"--tokenizer: no such file: {printable(tokenizer)!r}.\n"
                    "Give a tokenizer.json, its directory, or a Hub id."
                )
            if not is_local(given):
                file = given / "tokenizer.json" if given.is_dir() else given
                tokenizer = str(local_copy(file, self.cache_directory / "tokenizers"))
            revision = self.revisions.get(tokenizer)
            path = fetch_tokenizer(tokenizer, self.cache_directory, revision, on_progress=self.on_progress)
            try:
                self.vocabularies[tokenizer] = read_vocabulary(path)
            except UserError as error:
                raise UserError(f"--tokenizer: {error}") from None
        return self.vocabularies[tokenizer]

    def language_model(self, location: ModelLocation) -> Path:
        """Return the directory of a language model; raise UserError if it is missing."""
        name, revision = location.id_or_path, location.revision
        given = storage_path(name)
        if not is_local(given):
            raise UserError(
                f"--model {printable(name)}: expected a directory on this machine, or one that every machine mounts; "
                "found shared storage.\nCopy it there, or give its Hub id."
            )
        if given.is_dir():
            return fetch_model(str(given), self.cache_directory)
        requested = f"{name}@{revision or self.revisions.get(name, 'main')}"
        commit = self.revisions.get(requested) or requested.rpartition("@")[2]
        directory = fetch_model(name, self.cache_directory, commit, on_progress=self.on_progress)
        self.model_commits[requested] = directory.name
        return directory

    def embedding_model(self, name: str) -> EmbeddingModel:
        """Return a sentence embedding model, given its local path or Hub id; raise UserError if it is missing."""
        given = storage_path(name)
        if is_local(given) and given.is_dir():
            return read_embedding_model(given)
        revision = self.revisions.get(name, "main")
        directory = fetch_model(name, self.cache_directory, revision, embeds=True, on_progress=self.on_progress)
        self.model_commits[name] = directory.name
        return read_embedding_model(directory)

    def commits(self) -> dict[str, str]:
        """Return the commit that was read, by Hub id; for models, by id, `@` and the requested revision."""
        datasets = {name: each.revision for name, each in self.resolved.items() if each.revision}
        return datasets | self.model_commits


def _only_split(dataset: ResolvedDataset) -> str:
    if len(dataset.splits) == 1:
        return next(iter(dataset.splits))
    if "train" in dataset.splits:
        return "train"
    name = printable(dataset.repository)
    raise UserError(f"{name}: expected one split, or one named train; found {', '.join(dataset.splits)}.")
