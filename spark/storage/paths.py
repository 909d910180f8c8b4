"""Paths on this machine and on shared storage (`hdfs://`, `s3a://`, `gs://`, `abfs://`), used in one way."""

from __future__ import annotations

import errno
import re
import shutil
import time
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

from pyarrow import fs

from spark.storage.remote_path import ARROW_SCHEMES, OBJECT_STORES, RemotePath, unreachable
from utils import UserError, printable

SECONDS_TO_WAIT_FOR_WRITERS = 10.0


AnyPath: TypeAlias = Path | RemotePath


def storage_path(text: str) -> AnyPath:
    """The path that a text names; raises UserError for a URI of a scheme that is not known."""
    if "://" not in text:
        return Path(text).expanduser()
    parts = urlsplit(text)
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost") or not parts.path:
            raise UserError(f"{printable(text)!r}: expected file:/// and an absolute path of this machine.")
        return Path(unquote(parts.path))
    if parts.scheme not in ARROW_SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in ("file", *ARROW_SCHEMES))
        raise UserError(f"{printable(text)!r}: unknown kind of storage {parts.scheme}://.\nKnown: {known}, and paths.")
    path = text.split("://", 1)[1].removeprefix(parts.netloc)
    if ARROW_SCHEMES[parts.scheme] in OBJECT_STORES and not parts.netloc:
        raise UserError(f"{printable(text)!r}: expected the name of a bucket after {parts.scheme}://.")
    return RemotePath(parts.scheme, parts.netloc, PurePosixPath("/", path.lstrip("/")))


def require_reachable(path: AnyPath) -> None:
    """Raises UserError where a path lies on shared storage that gives no answer, or refuses one."""
    if isinstance(path, RemotePath):
        try:
            path.exists()
        except OSError as error:
            raise unreachable(path.scheme, path.authority, error) from None


def path_of_uri(uri: str) -> str:
    """A path, as a text, from the URI that Spark makes of it."""
    return unquote(re.sub(r"^file:/+", "/", uri))


def arrow_location(path: AnyPath) -> tuple[Any, str]:
    """The Arrow file system of a path, and its name there; raises UserError where the storage cannot be reached."""
    if isinstance(path, Path):
        return fs.LocalFileSystem(), str(path)
    return path.arrow_location()


def has_rename(path: AnyPath) -> bool:
    """Whether a directory gets another name there in one step."""
    return isinstance(path, Path) or path.has_rename


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
        if path.is_symlink():
            path.unlink()
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
    if isinstance(hidden, Path):
        hidden.unlink(missing_ok=True)  # never through a link that somebody put there
        with hidden.open("x", encoding="utf-8") as file:
            file.write(text)
    else:
        hidden.write_text(text)
        if path.exists():
            path.unlink()  # HDFS renames onto no file that is there
    hidden.rename(path)  # type: ignore[arg-type]
