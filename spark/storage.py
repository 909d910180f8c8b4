"""Paths on this machine and on shared storage (`hdfs://`, `s3a://`, `gs://`, `abfs://`), used in one way.

Arrow's file systems do the work. What they need (credentials, `AWS_ENDPOINT_URL`, `HADOOP_HOME` with its libhdfs)
comes from the environment of the process, of the driver as of the workers.
"""

from __future__ import annotations

import errno
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath, PurePosixPath
from types import SimpleNamespace
from typing import Any, Self, TypeAlias
from urllib.parse import unquote, urlsplit

from pyarrow import fs

from utils import UserError, printable

# The names that Spark gives the schemes, and those that Arrow does.
ARROW_SCHEMES = {"s3a": "s3", "s3n": "s3", "s3": "s3", "hdfs": "hdfs", "gs": "gs", "abfs": "abfs", "abfss": "abfss"}
OBJECT_STORES = ("s3", "gs")
SECONDS_TO_WAIT_FOR_WRITERS = 10.0


@dataclass(frozen=True, order=True)
class RemotePath:
    """A path on shared storage, with what the pipeline uses of `pathlib`.

    authority: the bucket or the host and port, as in the URI. path: absolute.
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
        filesystem, name = arrow_location(self)
        if mode == "rb":
            return filesystem.open_input_file(name)
        return filesystem.open_output_stream(name, compression=None)  # by default a name in .gz has it compress

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
        if not has_rename(self):
            return  # an object store has no directories
        filesystem, name = arrow_location(self)
        filesystem.create_dir(name, recursive=parents)

    def unlink(self) -> None:
        filesystem, name = arrow_location(self)
        filesystem.delete_file(name)

    def rename(self, target: RemotePath) -> None:
        filesystem, name = arrow_location(self)
        filesystem.move(name, arrow_location(target)[1])

    def rglob(self, pattern: str) -> Iterator[Self]:
        """Unlike pathlib's, only files."""
        filesystem, name = arrow_location(self)
        for info in filesystem.get_file_info(fs.FileSelector(name, allow_not_found=True, recursive=True)):
            below = PurePosixPath(info.path).relative_to(name)
            if info.type == fs.FileType.File and below.match(pattern):
                yield self / below

    def _info(self) -> Any:
        filesystem, name = arrow_location(self)
        return filesystem.get_file_info(name)

    def _at(self, path: PurePosixPath) -> Self:
        return type(self)(self.scheme, self.authority, path)


AnyPath: TypeAlias = Path | RemotePath


def storage_path(text: str) -> AnyPath:
    """The path that a text names; raises UserError for a URI of a scheme that is not known."""
    if "://" not in text:
        return Path(text).expanduser()
    parts = urlsplit(text)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    if parts.scheme not in ARROW_SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in ("file", *ARROW_SCHEMES))
        raise UserError(f"{printable(text)!r}: unknown kind of storage {parts.scheme}://.\nKnown: {known}, and paths.")
    path = text.split("://", 1)[1].removeprefix(parts.netloc)
    if ARROW_SCHEMES[parts.scheme] in OBJECT_STORES and not parts.netloc:
        raise UserError(f"{printable(text)!r}: expected the name of a bucket after {parts.scheme}://.")
    return RemotePath(parts.scheme, parts.netloc, PurePosixPath("/", path.lstrip("/")))


def path_of_uri(uri: str) -> str:
    """A path, as a text, from the URI that Spark makes of it."""
    return unquote(re.sub(r"^file:/+", "/", uri))


def arrow_location(path: AnyPath) -> tuple[Any, str]:
    """The Arrow file system of a path, and its name there; raises UserError where the storage cannot be reached."""
    if isinstance(path, Path):
        return fs.LocalFileSystem(), str(path)
    filesystem, root = _connect(path.scheme, path.authority)
    return filesystem, (root + str(path.path)).rstrip("/")


def has_rename(path: AnyPath) -> bool:
    """Whether a directory gets another name there in one step."""
    return isinstance(path, Path) or ARROW_SCHEMES[path.scheme] not in OBJECT_STORES


def files_below(directory: AnyPath) -> dict[PurePath, AnyPath]:
    """The files in a directory and the directories in it, in order, by their paths relative to it."""
    if isinstance(directory, Path):
        found: dict[PurePath, AnyPath] = {p.relative_to(directory): p for p in directory.rglob("*") if p.is_file()}
    else:
        found = {path.path.relative_to(directory.path): path for path in directory.rglob("*")}
    return {name: found[name] for name in sorted(found)}


def discard(path: AnyPath) -> None:
    """Removes a directory with all that is in it, where there is one."""
    if isinstance(path, Path):
        until = time.monotonic() + SECONDS_TO_WAIT_FOR_WRITERS
        while path.exists():
            try:
                shutil.rmtree(path)
            except OSError as error:
                # A worker that outlives its run by a moment may add a file while the others are removed.
                if error.errno not in (errno.ENOTEMPTY, errno.ENOENT) or time.monotonic() > until:
                    raise
    elif path.exists():
        filesystem, name = arrow_location(path)
        filesystem.delete_dir(name)


def write_at_once(path: AnyPath, text: str) -> None:
    """Writes a small file so that a reader finds all of it, or what was there before."""
    if isinstance(path, RemotePath) and not has_rename(path):
        path.write_text(text)  # an object is there once it is whole
        return
    hidden = path.parent / f".{path.name}"
    hidden.write_text(text)
    if isinstance(path, RemotePath) and path.exists():
        path.unlink()  # HDFS renames onto no file that is there
    hidden.rename(path)  # type: ignore[arg-type]


@lru_cache
def _connect(scheme: str, authority: str) -> tuple[Any, str]:
    """An Arrow file system, once for each process, and the name of its root."""
    try:
        filesystem, root = fs.FileSystem.from_uri(f"{ARROW_SCHEMES[scheme]}://{authority}/")
    except (OSError, ValueError) as error:
        reason = printable(" ".join(str(error).split()))[:300]
        needs = "HADOOP_HOME, with lib/native/libhdfs.so" if scheme == "hdfs" else "the credentials and endpoint"
        raise UserError(
            f"{scheme}://{printable(authority)} cannot be reached: {reason}.\n"
            f"Check the address, and that the environment has {needs}, here and on the workers."
        ) from None
    return filesystem, root.rstrip("/")
