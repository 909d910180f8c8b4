"""A repository of the Hub, its files, and what must hold of them before they are trusted."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Literal

from spark.sources.hub.errors import DamagedFileError, HubError
from utils import printable

COMMIT = re.compile(r"[0-9a-f]{40}")
REPOSITORY_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?", re.ASCII)


@dataclass(frozen=True)
class Repository:
    """A repository of the Hub, such as the dataset `EleutherAI/pythia-memorized-evals`."""

    kind: Literal["dataset", "model"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {printable(self.name)}"


@dataclass(frozen=True)
class HubFile:
    """A file of a repository: its path there, with `/`; its size in bytes and SHA-256, where it says them."""

    path: str
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Snapshot:
    """All files of a repository at one commit."""

    commit: str
    files: tuple[HubFile, ...]


def require_repository_name(name: str) -> str:
    """The name itself; raises HubError where no repository of the Hub could have it."""
    if not REPOSITORY_NAME.fullmatch(name) or ".." in name or "--" in name:
        raise HubError(
            f"Expected a Hub id such as EleutherAI/pythia-70m or an existing path, found {printable(name)!r}.\n"
            "Check it; a relative path begins at the current directory."
        )
    return name


def check_content(path: Path, file: HubFile) -> None:
    """Raises DamagedFileError unless the file at `path` has the size and SHA-256 that the Hub states."""
    size = path.stat().st_size
    if file.size is not None and size != file.size:
        raise DamagedFileError(f"expected {file.size} bytes, found {size}")
    if file.sha256 is not None:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != file.sha256:
            raise DamagedFileError(f"expected the SHA-256 {file.sha256[:12]}…, found {found[:12]}…")


def require_safe(repository: Repository, file: HubFile) -> HubFile:
    """The file itself; raises HubError where its path could lead out of the directory that it is put in."""
    parts = file.path.split("/")
    windows = PureWindowsPath(file.path)
    if any(part in ("", ".", "..") for part in parts) or "\0" in file.path or windows.drive or "\\" in file.path:
        raise HubError(
            f"{repository}: expected paths inside the repository, found {printable(file.path)!r}.\n"
            "Nothing of it was fetched; ask its owners to rename that file."
        )
    return file
