"""Training documents from files on this machine, by the kind of file."""

from __future__ import annotations

import gzip
import os
import re
import site
import sys
import sysconfig
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tools.code_or_natural_language import prose_files
from tools.code_or_natural_language.documents import Document, Part
from tools.code_or_natural_language.source_files import COMMENTS, source_parts

LARGEST_FILE = 1_500_000
LONGEST_TEXT = 60_000
_PROSE_SUFFIXES = (".rst", ".md", ".txt", ".pod")
_CODE_SUFFIXES = (*COMMENTS, ".py", ".f90", ".f", ".bat", ".ps1", ".m4", ".tex", ".less", ".def", ".ld")


def search_roots() -> tuple[Path, ...]:
    """Return the directories of programs, their sources and their documentation on this machine."""
    places = [
        "/usr",
        "/opt",
        sys.base_prefix,
        sys.prefix,
        sysconfig.get_path("stdlib"),
        *site.getsitepackages(),
        str(Path.home() / ".rustup"),
        str(Path.home() / ".cargo"),
    ]
    roots = sorted({Path(place).resolve() for place in places if Path(place).is_dir()})
    return tuple(root for root in roots if not any(other in root.parents for other in roots))


def kind_of(path: Path) -> str | None:
    """Return the kind of document that a file is read as; None if the training does not use it."""
    name, suffix = path.name, path.suffix.lower()
    if "/man/" in str(path) and suffix == ".gz":
        return "man" if path.parent.parent.name == "man" else "man translated"
    if suffix == ".mo":
        return "translations"
    if name.lower().startswith(
        ("license", "licence", "copying", "copyright", "notice", "eula")
    ) or "common-licenses" in str(path):
        return "licence"
    if name == "src.zip":
        return "java archive"
    if str(path) == "/var/lib/dpkg/status":
        return "package descriptions"
    if suffix in _PROSE_SUFFIXES:
        return f"text {suffix}"
    return f"code {suffix}" if suffix in _CODE_SUFFIXES else None


def find_files(roots: tuple[Path, ...]) -> dict[str, list[Path]]:
    """Return the files under the roots by kind, in an order that depends only on their names."""
    found: dict[str, list[Path]] = defaultdict(list)
    for root in roots:
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(f for f in folders if f not in ("__pycache__", ".git", "locale-langpack"))
            for name in names:
                path = Path(folder, name)
                kind = kind_of(path)
                if kind and not path.is_symlink():
                    found[kind].append(path)
    if Path("/var/lib/dpkg/status").is_file():
        found["package descriptions"].append(Path("/var/lib/dpkg/status"))
    return {kind: sorted(paths) for kind, paths in sorted(found.items())}


def origin_of(path: Path) -> str:
    """Return the package or folder of a file. Its files share phrases, so they stay in one part of the data."""
    parts = path.parts
    if "site-packages" in parts:
        return "/".join(parts[: parts.index("site-packages") + 3])
    if "/man/" in str(path):
        return re.split(r"[-_.:0-9]", path.name)[0]
    return str(path.parent)


def read_text(path: Path) -> str:
    """Return the file's text, decompressed and decoded as UTF-8; '' if it is too large, unreadable or binary."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            return ""
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, gzip.BadGzipFile):
        return ""
    text = data.decode("utf-8", "replace")
    return "" if "\x00" in text or text.count("\ufffd") > 0.001 * len(text) else text


def _readers(kind: str, path: Path, text: str) -> Iterator[tuple[str, tuple[Part, ...]]]:
    readers: dict[str, Callable[[str], tuple[Part, ...]]] = {
        "man": prose_files.man_parts,
        "man translated": prose_files.man_parts,
        "licence": prose_files.licence_parts,
        "text .pod": prose_files.pod_parts,
    }
    if kind in readers:
        yield kind, readers[kind](text)
    elif kind.startswith("text "):
        yield kind, prose_files.marked_up_parts(text)
    else:
        yield kind, source_parts(path.suffix.lower(), text)
        if path.suffix in (".pm", ".pl"):
            yield "pod", prose_files.pod_parts(text)
        if path.suffix == ".html":
            yield "html text", prose_files.html_text_parts(text)


def documents_of(kind: str, path: Path) -> Iterator[Document]:
    """Yield the documents of one file."""
    if kind == "package descriptions":
        for number, part in enumerate(prose_files.package_description_parts(read_text(path))):
            yield Document(kind, f"package {number // 20}", (part,))
    elif kind == "translations":
        yield Document(kind, str(path.parent.parent), prose_files.translation_parts(path))
    elif kind != "java archive":
        text = read_text(path)
        begin = 0 if len(text) <= LONGEST_TEXT else len(text) // 3
        for name, parts in _readers(kind, path, text[begin : begin + LONGEST_TEXT]):
            yield Document(name, origin_of(path), parts)


def java_documents(path: Path, count: int, rng: np.random.Generator) -> Iterator[Document]:
    """Yield `count` random Java files of a JDK's source archive."""
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".java"))
        for name in rng.permutation(names)[:count]:
            text = archive.read(str(name)).decode("utf-8", "replace")[:LONGEST_TEXT]
            yield Document("code .java", str(Path(str(name)).parent), source_parts(".java", text))
