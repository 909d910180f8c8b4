"""What is kept on disk: entries that count only when complete, and the commits of revisions asked for."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from spark.sources.hub.errors import DamagedFileError, HubError
from spark.sources.hub.repository import HubFile, check_content

# Its underscore hides it from Spark, which reads every other file of a directory as data.
MARKER = "_COMPLETE.json"
SCRATCH_PREFIX = ".incomplete-"
SCRATCH_LIFETIME_SECONDS = 7 * 24 * 3600

# No split's name holds a hyphen, so none of them is in its way.
FILES = "repository-files.json"

Groups = Mapping[str, tuple[HubFile, ...]]


def complete_entry(entry: Path) -> tuple[Path, ...] | None:
    """The files of an entry, in their order; None unless its marker and every file of its size are there."""
    marker = read_json(entry / MARKER)
    try:
        files = [(entry / file["name"], file["size"]) for file in marker["files"]]
        if all(path.stat().st_size == size for path, size in files):
            return tuple(path for path, _ in files)
    except (OSError, KeyError, TypeError):
        pass
    return None


def fill_entry(
    entry: Path,
    described: Mapping[str, Any],
    files: Sequence[HubFile],
    names: Sequence[str],
    obtain: Callable[[int, Path], Path],
) -> tuple[Path, ...]:
    """Makes the entry complete and returns its files, called `names`; raises HubError where it cannot.

    described: what else the marker says. obtain: brings the file of that number into the scratch directory
    that it is given, and returns its path. Each file appears under its name at once and whole, and the
    marker after all of them, so that processes that fill the same entry only ever replace like by like.
    """
    with writing_to(entry):
        entry.mkdir(parents=True, exist_ok=True)
        remove_old_scratch(entry.parent)
        paths = tuple(entry / name for name in names)
        with tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX, dir=entry.parent) as scratch:
            for number, path in enumerate(paths):
                if not holds(path, files[number]):
                    path.parent.mkdir(exist_ok=True)
                    obtain(number, Path(scratch)).replace(path)
        listed = [
            {"name": name, "size": path.stat().st_size, "source": file.path, "sha256": file.sha256}
            for name, path, file in zip(names, paths, files, strict=True)
        ]
        write_json(entry / MARKER, {**described, "files": listed})
    return paths


def holds(path: Path, file: HubFile) -> bool:
    """Whether `path` is certainly the whole file: a fetch that was killed is taken up where it stopped."""
    try:
        check_content(path, file)
    except (OSError, DamagedFileError):
        return False
    return file.sha256 is not None


def remove_old_scratch(directory: Path) -> None:
    """Removes what processes that were killed left long ago."""
    for path in directory.glob(SCRATCH_PREFIX + "*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > SCRATCH_LIFETIME_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def read_reference(directory: Path, revision: str) -> str | None:
    """The commit that `revision` stood for when the Hub was last asked; None where it never was."""
    commit = (read_json(reference_path(directory, revision)) or {}).get("commit")
    return commit if isinstance(commit, str) else None


def write_reference(directory: Path, revision: str, commit: str) -> None:
    """Keeps what `revision` stands for; a cache that is read only keeps what it has."""
    if read_reference(directory, revision) != commit:
        with writing_to(directory):
            write_json(reference_path(directory, revision), {"revision": revision, "commit": commit})


def reference_path(directory: Path, revision: str) -> Path:
    """Where the commit of a revision is kept; a branch's name may hold slashes."""
    return directory / "refs" / f"{urllib.parse.quote(revision, safe='')}.json"


def read_groups(directory: Path, commit: str) -> Groups | None:
    """The files of each group (a dataset's splits) at a commit; None where they are not kept."""
    try:
        groups = (read_json(directory / commit / FILES) or {})["groups"]
        return {name: tuple(HubFile(**file) for file in files) for name, files in groups.items()}
    except (KeyError, TypeError, AttributeError):
        return None


def write_groups(directory: Path, commit: str, repository: str, groups: Groups) -> None:
    """Keeps the files of each group at a commit."""
    listed = {name: [vars(file) for file in files] for name, files in groups.items()}
    with writing_to(directory):
        content = {"repository": repository, "commit": commit, "groups": listed}
        write_json(directory / commit / FILES, content)


def read_json(path: Path) -> Any:
    """What a JSON file holds; None where it is missing, or is not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write_json(path: Path, content: Any) -> None:
    """Writes a JSON file, and its directory, so that it appears whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f"{SCRATCH_PREFIX}{uuid.uuid4().hex}")
    scratch.write_text(json.dumps(content, indent=1), encoding="utf-8")
    scratch.replace(path)


@contextmanager
def writing_to(directory: Path) -> Iterator[None]:
    """Turns what the disk refuses while the block runs into a HubError that names the directory."""
    try:
        yield
    except OSError as error:
        raise HubError(
            f"Cannot write to the cache {directory}: {error.strerror or error}.\n"
            "See to the disk there, or give another --cache_dir."
        ) from error
