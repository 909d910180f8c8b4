"""Pack this project into an archive for the machines of a cluster; `make dist` does.

    python -m spark.session.project_archive dist/memorization-metrics.tgz

A zip for `--py-files` does not work: the weights are read as files, and code in a zip is compiled at every start.
"""

from __future__ import annotations

import gzip
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from features.compile import compile_features
from filters.compile import compile_filters
from filters.compiled import ROOMS, cache_directory
from spark.session.project import PROJECT_DIRECTORY

CONTENT = ("build_features.py", "calculate_metrics.py", "utils.py", "configs", "features", "filters", "sample", "spark")
LEFT_OUT = ("__pycache__", "texts", "training")  # needed only to build the sample and the weights


def build_project_archive(archive: Path) -> None:
    """Write a .tgz of the project's code, weights and sample, with its loops compiled for this kind of processor.

    The same files give the same bytes.
    """
    compile_filters()
    compile_features()
    archive.parent.mkdir(parents=True, exist_ok=True)
    paths = [path for name in CONTENT for path in files_below(PROJECT_DIRECTORY / name)]
    for room in ROOMS:
        for package in sorted({source.parent for source in files_below(room) if source.suffix == ".py"}):
            compiled = cache_directory(package)
            paths += sorted(compiled.iterdir()) if compiled.is_dir() else []
    write_archive(archive, [(path, str(path.relative_to(PROJECT_DIRECTORY))) for path in paths])


def files_below(path: Path) -> Iterator[Path]:
    """Yield a file, or the files of a directory sorted by name, without `LEFT_OUT`."""
    if path.is_file():
        yield path
    elif path.name not in LEFT_OUT:
        for each in sorted(path.iterdir()):
            yield from files_below(each)


def write_archive(archive: Path, files: list[tuple[Path, str]]) -> None:
    """Write files under the given names as a .tgz without owners and times."""
    with (
        archive.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", dereference=True) as tar,
    ):
        for path, name in files:
            tar.add(path, name, recursive=False, filter=anonymous)


def anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Return an archive entry without owner and time."""
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    target = Path(sys.argv[1])
    build_project_archive(target)
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
