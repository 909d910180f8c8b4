"""Bringing the files of one split to where they stay, as Parquet."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from spark.sources.hub.cache import complete_entry, fill_entry
from spark.sources.hub.client import Hub, download
from spark.sources.hub.errors import DamagedFileError, HubError
from spark.sources.hub.parquet import check_parquet, convert_to_parquet, is_parquet
from spark.sources.hub.repository import HubFile, Repository
from spark.storage.paths import AnyPath, is_local
from utils import printable


def land_remote(
    hub: Hub, repository: Repository, commit: str, files: Sequence[HubFile], entry: Path
) -> tuple[Path, ...]:
    """The files of a split in its cache entry, fetched unless the entry is complete; raises HubError."""
    cached = complete_entry(entry)
    if cached is not None:
        return cached

    def obtain(number: int, scratch: Path) -> Path:
        file = files[number]
        size = "" if file.size is None else f", {file.size / 1e6:,.1f} MB"
        hub.report(f"{repository}, {entry.name}: file {number + 1} of {len(files)}{size}")
        if is_parquet(file.path):
            return download(hub, repository, commit, file, scratch, check_parquet)
        source = download(hub, repository, commit, file, scratch)
        return convert_to_parquet(source, scratch / "converted.parquet")

    described = {"repository": repository.name, "revision": commit, "split": entry.name}
    return fill_entry(entry, described, files, part_names(len(files)), obtain)


def land_local(directory: AnyPath, files: Sequence[HubFile], cache: Path) -> tuple[AnyPath, ...]:
    """The files of a local split: Parquet where it lies, the rest converted in `cache`; raises HubError."""
    for file in files:
        if is_parquet(file.path):
            try:
                check_parquet(directory / file.path)
            except DamagedFileError as error:
                path = printable(str(directory / file.path))
                raise HubError(f"Cannot read {path}: {error}.\nCopy it again.") from error
    others = [file for file in files if not is_parquet(file.path)]
    converted = iter(convert_local(directory, others, cache) if others else ())
    return tuple(directory / file.path if is_parquet(file.path) else next(converted) for file in files)


def convert_local(directory: AnyPath, files: Sequence[HubFile], cache: Path) -> tuple[Path, ...]:
    """The files as Parquet, converted again only where a path, size or time of change differs."""
    if not is_local(directory):
        raise HubError(
            f"{directory}: expected Parquet on shared storage, found {printable(files[0].path)!r}.\nConvert it."
        )
    sources = [(directory / file.path).absolute() for file in files]
    states = [(str(source), source.stat().st_size, source.stat().st_mtime_ns) for source in sources]
    entry = cache / hashlib.sha256(repr(states).encode()).hexdigest()[:32]

    def obtain(number: int, scratch: Path) -> Path:
        return convert_to_parquet(sources[number], scratch / "converted.parquet")

    described = {"directory": str(directory.absolute())}
    return complete_entry(entry) or fill_entry(entry, described, files, part_names(len(files)), obtain)


def part_names(count: int) -> list[str]:
    """Names that sort in order and hold nothing that Spark reads as a pattern or hides."""
    return [f"part-{number:05d}.parquet" for number in range(count)]
