"""One interface to paths on this machine and on shared storage (`hdfs://`, `s3a://`, `gs://`, `abfs://`)."""

from __future__ import annotations

import errno
import re
import shutil
import time
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote, urlsplit

from pyarrow import fs

from spark.storage.remote_path import ARROW_SCHEMES, OBJECT_STORES, RemotePath, unreachable
from utils import UserError, printable

if TYPE_CHECKING:
    from typing_extensions import TypeIs

SECONDS_TO_WAIT_FOR_WRITERS = 10.0

AnyPath: TypeAlias = Path | RemotePath


def is_local(path: AnyPath) -> TypeIs[Path]:
    """Return whether the path is on this machine's file system, not on shared storage."""
    return isinstance(path, Path)


def storage_path(text: str) -> AnyPath:
    """Parse a path or URI. Raise UserError if the URI is incomplete or its scheme is unknown."""
    if "://" not in text:
        return home_expanded(text)
    parts = urlsplit(text)
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost") or not parts.path:
            raise UserError(f"{printable(text)!r}: expected file:/// followed by an absolute path on this machine.")
        return Path(unquote(parts.path))
    if parts.scheme not in ARROW_SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in ("file", *ARROW_SCHEMES))
        raise UserError(
            f"{printable(text)!r}: unknown storage scheme {parts.scheme}://.\nUse a path, or one of {known}."
        )
    path = text.split("://", 1)[1].removeprefix(parts.netloc)
    if ARROW_SCHEMES[parts.scheme] in OBJECT_STORES and not parts.netloc:
        raise UserError(f"{printable(text)!r}: expected a bucket name after {parts.scheme}://.")
    return RemotePath(parts.scheme, parts.netloc, PurePosixPath("/", path.lstrip("/")))


def home_expanded(text: str) -> Path:
    """Return the local path with `~` replaced by the home directory. Raise UserError if there is none."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise UserError(
            f"Expected a home directory for {printable(text)!r}: HOME is not set, and this user has none.\n"
            "Set HOME, or give a path without '~'."
        ) from None


def require_reachable(path: AnyPath) -> None:
    """Raise UserError if the path is on shared storage that does not answer or denies access."""
    if not is_local(path):
        try:
            path.exists()
        except OSError as error:
            raise unreachable(path.scheme, path.authority, error) from None


def path_of_uri(uri: str) -> str:
    """Return the path that a URI from Spark stands for, as a string."""
    return unquote(re.sub(r"^file:/+", "/", uri))


def arrow_location(path: AnyPath) -> tuple[Any, str]:
    """Return the Arrow file system of a path, and its name there. Raise UserError if the storage is unreachable."""
    if is_local(path):
        return fs.LocalFileSystem(), str(path)
    return path.arrow_location()


def has_rename(path: AnyPath) -> bool:
    """Return whether the storage renames a directory in one step."""
    return is_local(path) or path.has_rename


def rename(path: AnyPath, target: AnyPath) -> None:
    """Rename a file or directory within its storage."""
    path.rename(target)  # type: ignore[arg-type]  # both are of one kind


def copy_file(path: AnyPath, target: AnyPath) -> None:
    """Copy a file within its storage."""
    filesystem, name = arrow_location(path)
    if is_local(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    filesystem.copy_file(name, arrow_location(target)[1])


def local_copy(path: AnyPath, directory: Path) -> Path:
    """Return a local path to a file; a file on shared storage is copied below `directory`."""
    if is_local(path):
        return path
    target = directory / path.scheme / path.authority / str(path.path).lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(path.read_bytes())
    return target


def files_below(directory: AnyPath) -> dict[PurePath, AnyPath]:
    """Return all files below a directory, sorted, keyed by their path relative to it."""
    if is_local(directory):
        found: dict[PurePath, AnyPath] = {p.relative_to(directory): p for p in directory.rglob("*") if p.is_file()}
    else:
        found = {path.path.relative_to(directory.path): path for path in directory.rglob("*")}
    return {name: found[name] for name in sorted(found)}


def discard(path: AnyPath) -> None:
    """Remove a directory and its contents; no-op if it does not exist."""
    if is_local(path):
        if path.is_symlink():
            path.unlink()
        until = time.monotonic() + SECONDS_TO_WAIT_FOR_WRITERS
        while path.exists():
            try:
                shutil.rmtree(path)
            except OSError as error:
                # A worker that outlives its run may add a file while the directory is being removed.
                if error.errno not in (errno.ENOTEMPTY, errno.ENOENT) or time.monotonic() > until:
                    raise
    elif path.exists():
        filesystem, name = arrow_location(path)
        filesystem.delete_dir(name)


def write_at_once(path: AnyPath, text: str) -> None:
    """Write a small file atomically: a reader sees the old content or the new, never a part."""
    if not has_rename(path):
        path.write_text(text)  # an object becomes visible only when its upload is complete
        return
    hidden = path.parent / f".{path.name}"
    if is_local(hidden):
        hidden.unlink(missing_ok=True)  # never write through a symbolic link
        with hidden.open("x", encoding="utf-8") as file:
            file.write(text)
    else:
        hidden.write_text(text)
        if path.exists():
            path.unlink()  # HDFS does not rename onto an existing file
    rename(hidden, path)
