"""A `pathlib`-like path on shared storage (`hdfs://`, `s3a://`, `gs://`, `abfs://`), on top of Arrow's file systems.

Credentials and addresses (`AWS_ENDPOINT_URL`, `HADOOP_HOME` with its libhdfs) come from the environment of the
process, on the driver and on every worker.

Why not `universal-pathlib`: its `is_dir` and `rglob` treat a store that does not answer as an empty one, and reaching
S3 through Arrow instead of s3fs still needs an fsspec adapter of our own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any, Self

from pyarrow import fs

from utils import UserError, printable

# From the scheme names that Spark uses to those that Arrow uses.
ARROW_SCHEMES = {"s3a": "s3", "s3n": "s3", "s3": "s3", "hdfs": "hdfs", "gs": "gs", "abfs": "abfs", "abfss": "abfss"}
OBJECT_STORES = ("s3", "gs")


@dataclass(frozen=True, order=True)
class RemotePath:
    """A path on shared storage.

    authority: the bucket, or the host and port, as in the URI.
    path: the absolute path within it.
    """

    scheme: str
    authority: str
    path: PurePosixPath

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"

    def __truediv__(self, below: str | PurePosixPath) -> Self:
        return self._at(self.path / below)

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def has_rename(self) -> bool:
        """Whether the storage renames a directory in one step."""
        return ARROW_SCHEMES[self.scheme] not in OBJECT_STORES

    @property
    def parent(self) -> Self:
        return self._at(self.path.parent)

    def expanduser(self) -> Self:
        return self

    def resolve(self) -> Self:
        return self

    def as_uri(self) -> str:
        return str(self)

    def absolute(self) -> Self:
        return self

    def exists(self) -> bool:
        return bool(self._info().type != fs.FileType.NotFound)

    def is_file(self) -> bool:
        return bool(self._info().type == fs.FileType.File)

    def is_dir(self) -> bool:
        return bool(self._info().type == fs.FileType.Directory)

    def stat(self) -> SimpleNamespace:
        info = self._info()
        if info.type == fs.FileType.NotFound:
            raise FileNotFoundError(2, "No such file", str(self))
        return SimpleNamespace(st_size=info.size or 0)

    def open(self, mode: str = "rb") -> Any:
        filesystem, name = self.arrow_location()
        if mode == "rb":
            return filesystem.open_input_file(name)
        return filesystem.open_output_stream(name, compression=None)  # by default Arrow compresses files named .gz

    def read_bytes(self) -> bytes:
        with self.open("rb") as file:
            return bytes(file.read())

    def read_text(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self.read_bytes().decode(encoding, errors)

    def write_bytes(self, content: bytes) -> None:
        with self.open("wb") as file:
            file.write(content)

    def write_text(self, text: str, encoding: str = "utf-8") -> None:
        self.write_bytes(text.encode(encoding))

    def mkdir(self, parents: bool = True, exist_ok: bool = True) -> None:
        if not self.has_rename:
            return  # an object store has no directories
        filesystem, name = self.arrow_location()
        filesystem.create_dir(name, recursive=parents)

    def unlink(self) -> None:
        filesystem, name = self.arrow_location()
        filesystem.delete_file(name)

    def rename(self, target: RemotePath) -> None:
        filesystem, name = self.arrow_location()
        filesystem.move(name, target.arrow_location()[1])

    def rglob(self, pattern: str) -> Iterator[Self]:
        """Yield the files below that match; unlike `pathlib`, no directories."""
        filesystem, name = self.arrow_location()
        for info in filesystem.get_file_info(fs.FileSelector(name, allow_not_found=True, recursive=True)):
            below = PurePosixPath(info.path).relative_to(name)
            if info.type == fs.FileType.File and below.match(pattern):
                yield self / below

    def arrow_location(self) -> tuple[Any, str]:
        """Return the Arrow file system, and the path's name there. Raise UserError if the storage is unreachable."""
        filesystem, root = _connect(self.scheme, self.authority)
        return filesystem, (root + str(self.path)).rstrip("/")

    def _info(self) -> Any:
        filesystem, name = self.arrow_location()
        return filesystem.get_file_info(name)

    def _at(self, path: PurePosixPath) -> Self:
        return type(self)(self.scheme, self.authority, path)


def unreachable(scheme: str, authority: str, error: Exception) -> UserError:
    """Return the error for storage that does not answer or denies access."""
    reason = printable(" ".join(str(error).split()))[:300].rstrip(".")
    needs = "HADOOP_HOME (with libhdfs.so) and CLASSPATH" if scheme == "hdfs" else "the credentials and endpoint"
    return UserError(
        f"{scheme}://{printable(authority)} cannot be reached: {reason}.\n"
        f"Check the address, and that {needs} are set in the environment, here and on the workers."
    )


@lru_cache
def _connect(scheme: str, authority: str) -> tuple[Any, str]:
    """Connect once per process; return the Arrow file system and the name of its root."""
    options = "?retry_limit_seconds=30" if scheme == "gs" else ""  # the default is 15 minutes
    try:
        filesystem, root = fs.FileSystem.from_uri(f"{ARROW_SCHEMES[scheme]}://{authority}/{options}")
    except (OSError, ValueError) as error:
        raise unreachable(scheme, authority, error) from None
    return filesystem, root.rstrip("/")
