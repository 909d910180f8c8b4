"""Pack the Python environment into one archive, for clusters whose machines have none; `make dist` does.

    python -m spark.session.packed_environment dist/environment.tgz

conda-pack packs only conda environments. The archives of venv-pack still need the interpreter on every machine.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from spark.session.project import PROJECT_DIRECTORY
from spark.session.project_archive import write_archive
from utils import UserError

# A cluster provides Spark, which includes py4j.
PROVIDED = ("pyspark", "py4j")
UNUSED_LIBRARY = (
    "test",
    "tests",
    "idlelib",
    "tkinter",
    "_tkinter",
    "turtledemo",
    "lib2to3",
    "ensurepip",
    "__pycache__",
)
PACKAGE_DIRECTORIES = ("site-packages", "dist-packages")
# Not packed: glibc must be the one of the system that the environment runs on.
GLIBC = re.compile(r"(ld-linux.*|lib(c|m|dl|rt|util|pthread|resolv|nsl|anl|crypt))\.so")

LAUNCHER = """#!/bin/sh
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd -P) || exit
LD_LIBRARY_PATH=$root/lib${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}} exec "$root/bin/{interpreter}" "$@"
"""


def build_environment_archive(archive: Path) -> None:
    """Write a .tgz of the interpreter, its library, the packages of requirements.txt, and their system libraries.

    It runs in any directory, on the same kind of processor, with the same or a newer glibc.
    Raise UserError on systems other than Linux.
    """
    if sys.platform != "linux":
        raise UserError(f"The environment of a cluster is packed on Linux, found {sys.platform}.\nRun this on Linux.")
    names = installed_closure((PROJECT_DIRECTORY / "requirements.txt").read_text().splitlines())
    files = [*standard_library(), *(entry for name in sorted(names) for entry in package_files(name))]
    interpreter = Path(sys._base_executable).resolve()  # type: ignore[attr-defined]
    native = [interpreter, *(path for path, _ in files if ".so" in path.suffixes)]
    files += [(path, f"lib/{name}") for name, path in sorted(system_libraries(native).items())]
    files.append((interpreter, f"bin/{interpreter.name}"))
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        launcher = Path(directory) / "python"
        launcher.write_text(LAUNCHER.format(interpreter=interpreter.name))
        launcher.chmod(0o755)
        write_archive(archive, [*files, (launcher, "bin/python")])


def installed_closure(requirements: Iterable[str]) -> set[str]:
    """Return the names of these requirements and all their dependencies, as installed here, without `PROVIDED`."""
    lines = (line.partition("#")[0].strip() for line in requirements)
    waiting = [(Requirement(line).name, extra) for line in lines if line for extra in ("", *Requirement(line).extras)]
    found = set()
    while waiting:
        name, extra = canonicalize_name(waiting[-1][0]), waiting.pop()[1]
        if name in PROVIDED or (name, extra) in found:
            continue
        found.add((name, extra))
        for each in map(Requirement, distribution(name).requires or ()):
            if each.marker is None or each.marker.evaluate({"extra": extra}):
                waiting += [(each.name, wanted) for wanted in ("", *each.extras)]
    return {name for name, _ in found}


def package_files(name: str) -> Iterator[tuple[Path, str]]:
    """Yield the files of an installed package and their names in the archive, without scripts and compiled Python."""
    for entry in distribution(name).files or ():
        if ".." not in entry.parts and "__pycache__" not in entry.parts:
            yield Path(str(entry.locate())), f"lib/{python_name()}/site-packages/{entry}"


def standard_library() -> Iterator[tuple[Path, str]]:
    """Yield the files of Python's standard library and their names in the archive."""
    library = Path(os.__file__).parent
    for path in sorted(library.rglob("*")):
        inside = path.relative_to(library)
        first = inside.parts[0]
        unused = any(part.split(".")[0] in UNUSED_LIBRARY for part in inside.parts)
        if path.is_file() and not unused and first not in PACKAGE_DIRECTORIES and not first.startswith("config-"):
            yield path, f"{sys.platlibdir}/{python_name()}/{inside}"


def system_libraries(native: list[Path]) -> dict[str, Path]:
    """Return the paths, by name, of the shared libraries that these files load from outside the environment.

    glibc is left out.
    """
    listed = subprocess.run(["ldd", *map(str, native)], capture_output=True, text=True).stdout
    loaded = re.findall(r"^\s+(\S+) => (/\S+)", listed, re.MULTILINE)
    return {name: Path(path) for name, path in loaded if not GLIBC.match(name) and sys.prefix not in path}


def python_name() -> str:
    """Return the name of this Python version's directory in `lib`, such as `python3.12`."""
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    build_environment_archive(target)
    print(f"{target}: {target.stat().st_size / 1e6:.0f} MB")
