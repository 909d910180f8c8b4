"""Keep files that Spark cannot read as they are, as Parquet in the cache."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from spark.sources.hub.errors import CHECK_DISK, DamagedFileError, HubError
from spark.sources.hub.files import HubFile
from spark.sources.hub.parquet import check_parquet, convert_to_parquet, is_parquet
from spark.sources.hub.repository import HubRepository
from spark.storage.paths import AnyPath, is_local
from utils import printable


def fetch_as_parquet(repository: HubRepository, commit: str, files: Sequence[HubFile]) -> tuple[Path, ...]:
    """Return the files of a repository as Parquet: in the library's cache, or converted; raise HubError."""

    def check(path: Path) -> None:
        if is_parquet(path.name):
            check_parquet(path)

    def readable(path: Path, name: str) -> Path:
        if is_parquet(name) and is_visible(name):
            return path
        return in_cache(path, f"{repository}@{commit}/{name}", repository.cache_directory)

    paths = repository.fetch(commit, files, check)
    return tuple(readable(path, file.path) for path, file in zip(paths, files, strict=True))


def local_as_parquet(directory: AnyPath, files: Sequence[HubFile], cache_directory: Path) -> tuple[AnyPath, ...]:
    """Return the files of a local split: Parquet where it lies, the rest converted; raise HubError.

    A file is converted again if its path, size or modification time differs.
    """

    def readable(path: AnyPath, name: str) -> AnyPath:
        if not is_parquet(name):
            if not is_local(path):
                shown = printable(name)
                raise HubError(f"{directory}: expected Parquet on shared storage, found {shown!r}.\nConvert it.")
            state = (str(path.absolute()), path.stat().st_size, path.stat().st_mtime_ns)
            return in_cache(path, repr(state), cache_directory)
        try:
            check_parquet(path)
        except DamagedFileError as error:
            raise HubError(f"Cannot read {printable(str(path))}: {error}.\nCopy it again.") from error
        return path

    return tuple(readable(directory / file.path, file.path) for file in files)


def is_visible(name: str) -> bool:
    """Return whether Spark reads a file of this name; it hides some, and takes `:` for a scheme."""
    return not PurePosixPath(name).name.startswith((".", "_")) and ":" not in name


def in_cache(source: Path, key: str, cache_directory: Path) -> Path:
    """Return `source` as Parquet in the cache, written unless a whole file of this key is there."""
    cache = cache_directory / "converted"
    target = cache / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.parquet"
    try:
        check_parquet(target)
    except DamagedFileError:
        with writing_to(cache), tempfile.TemporaryDirectory(prefix=".incomplete-", dir=cache) as scratch:
            write = shutil.copyfile if is_parquet(source.name) else convert_to_parquet
            write(source, Path(scratch, target.name))
            Path(scratch, target.name).replace(target)  # at once, so that what is there is whole
    return target


@contextmanager
def writing_to(directory: Path) -> Iterator[None]:
    """Create the directory for the block, and turn errors of the disk into a HubError that names it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise HubError(f"Cannot write to the cache {directory}: {error.strerror or error}.\n{CHECK_DISK}") from error
