"""Check the files of a repository before they are trusted: names, sizes, and the SHA-256 of new ones.

The library checks the length of a download only, and a cached file not at all.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from spark.sources.hub.errors import DamagedFileError, HubError
from spark.sources.hub.library import is_offline
from utils import printable

REPOSITORY_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?", re.ASCII)
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class HubFile:
    """A file of a repository: its path there, with `/`, and its size in bytes."""

    path: str
    size: int


def require_whole(path: Path, size: int, check: Callable[[Path], None], *, is_new: bool) -> Path:
    """Return the path of a cached file; remove it and raise DamagedFileError if it is not whole.

    is_new: whether to check the SHA-256 too, where the library names the content by it (large files).
    """
    try:
        if (found := path.stat().st_size) != size:
            raise DamagedFileError(f"expected {size} bytes, found {found}")
        digest = path.readlink().name if path.is_symlink() else ""
        if is_new and SHA256.fullmatch(digest):
            with path.open("rb") as stream:
                found_digest = hashlib.file_digest(stream, "sha256").hexdigest()
            if found_digest != digest:
                raise DamagedFileError(f"expected the SHA-256 {digest[:12]}…, found {found_digest[:12]}…")
        check(path)
    except DamagedFileError as error:
        if is_offline():
            raise HubError(f"{path} is damaged: {error}.\nUnset HF_HUB_OFFLINE to fetch it again.") from error
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise
    return path


def require_repository_name(name: str) -> str:
    """Return the name; raise HubError if no repository of the Hub can have it."""
    if not REPOSITORY_NAME.fullmatch(name) or ".." in name or "--" in name:
        raise HubError(
            f"Expected a Hub id such as EleutherAI/pythia-70m or an existing path, found {printable(name)!r}.\n"
            "Check it; a relative path begins at the current directory."
        )
    return name


def require_safe(repository: object, file: HubFile) -> HubFile:
    """Return the file; raise HubError if its path could lead out of the directory that it is put in."""
    parts = file.path.split("/")
    windows = PureWindowsPath(file.path)
    if any(part in ("", ".", "..") for part in parts) or "\0" in file.path or windows.drive or "\\" in file.path:
        raise HubError(
            f"{repository}: expected paths inside the repository, found {printable(file.path)!r}.\n"
            "Nothing was fetched; ask its owners to rename the file."
        )
    return file
