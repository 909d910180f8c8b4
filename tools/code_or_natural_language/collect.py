"""The training data: where the windows come from, and how many of each kind there are."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from filters.contract import RaggedArray
from tools.code_or_natural_language import machine_documents
from tools.code_or_natural_language.documents import Document
from tools.code_or_natural_language.generated_documents import KINDS, generated_documents
from tools.code_or_natural_language.windows import Windows, cut

TRAIN, CALIBRATE, VALIDATE = 0, 1, 2
SPLIT_SHARES = (0.8, 0.1, 0.1)
SPLICED_SHARE = 0.08
LEAST_WINDOWS = 1_500
WINDOWS_OF_KIND = {
    "man": 16_000,
    "man translated": 16_000,
    "translations": 16_000,
    "licence": 22_000,
    "text .rst": 14_000,
    "text .md": 12_000,
    "text .txt": 16_000,
    "text .pod": 4_000,
    "pod": 12_000,
    "html text": 20_000,
    "package descriptions": 8_000,
    "code .py": 24_000,
    "code .java": 18_000,
    "code .c": 6_000,
    "code .h": 10_000,
    "code .hpp": 4_000,
    "code .html": 16_000,
    "code .js": 10_000,
    "code .css": 5_000,
    "code .json": 10_000,
    "code .xml": 6_000,
    "code .pom": 4_000,
    "code .svg": 3_000,
    "code .yaml": 6_000,
    "code .php": 4_000,
    "code .pm": 4_000,
    "code .pl": 4_000,
    "code .sql": 4_000,
    "code .vim": 4_000,
    "code .cmake": 4_000,
    "generated prose": 60_000,
    "generated licence text": 6_000,
    "generated code": 60_000,
    "generated data": 20_000,
    "generated mixture": 24_000,
    "mixed": 24_000,
}
WINDOWS_A_DOCUMENT = 12


def split_of(document: Document) -> int:
    """Return `TRAIN`, `CALIBRATE` or `VALIDATE`, chosen by the document's origin."""
    share = zlib.crc32(f"{document.kind}:{document.origin}".encode()) / 2**32
    return int(np.searchsorted(np.cumsum(SPLIT_SHARES), share, side="right"))


def _documents(scale: float, rng: np.random.Generator) -> Iterator[Document]:
    found = machine_documents.find_files(machine_documents.search_roots())
    for kind, paths in found.items():
        wanted = int(scale * WINDOWS_OF_KIND.get(kind, LEAST_WINDOWS))
        if kind == "java archive":
            count = int(scale * WINDOWS_OF_KIND["code .java"]) // WINDOWS_A_DOCUMENT
            yield from machine_documents.java_documents(paths[0], count, rng)
            continue
        for index in rng.permutation(len(paths))[: max(20, wanted // WINDOWS_A_DOCUMENT)]:
            yield from machine_documents.documents_of(kind, paths[index])
    for kind in KINDS:
        count = int(scale * WINDOWS_OF_KIND[f"generated {kind}"]) // 6
        yield from generated_documents(kind, count, rng)


def collect(scale: float, rng: np.random.Generator) -> tuple[Windows, dict[str, int]]:
    """Return windows of every kind (`scale` times the numbers above), and the number of documents of each kind."""
    documents: dict[tuple[str, int], list[Document]] = defaultdict(list)
    used: dict[str, int] = defaultdict(int)
    for document in _documents(scale, rng):
        if document.parts:
            documents[document.kind, split_of(document)].append(document)
            used[document.kind] += 1
    rows: list[tuple[bytes, bool, str, int]] = []
    for kind in sorted({kind for kind, _ in documents}):
        _add(rows, kind, {split: documents[kind, split] for split in range(3)}, scale, SPLICED_SHARE, rng)
    mixed = {split: _one_of_each(documents, split, rng) for split in range(3)}
    _add(rows, "mixed", mixed, scale, 1.0, rng)
    return _as_windows(rows), dict(used)


def _one_of_each(
    documents: dict[tuple[str, int], list[Document]], split: int, rng: np.random.Generator
) -> list[Document]:
    """Return equally many documents of every kind, so that a splice joins any kind with any other."""
    return [
        group[int(i)]
        for (_, of_split), group in sorted(documents.items())
        if of_split == split and group
        for i in rng.integers(0, len(group), 40)
    ]


def _add(
    rows: list[tuple[bytes, bool, str, int]],
    kind: str,
    documents: dict[int, list[Document]],
    scale: float,
    splice: float,
    rng: np.random.Generator,
) -> None:
    for split, share in enumerate(SPLIT_SHARES):
        count = int(scale * share * WINDOWS_OF_KIND.get(kind, LEAST_WINDOWS))
        rows += [(data, natural, kind, split) for data, natural in cut(documents[split], count, splice, rng)]


def _as_windows(rows: list[tuple[bytes, bool, str, int]]) -> Windows:
    lengths = [len(data) for data, _, _, _ in rows]
    values = np.frombuffer(b"".join(data for data, _, _, _ in rows), np.uint8)
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    return Windows(
        RaggedArray(values, offsets),
        np.array([natural for _, natural, _, _ in rows]),
        np.array([kind for _, _, kind, _ in rows]),
        np.array([split for _, _, _, split in rows], np.int8),
    )


def balanced(windows: Windows, rng: np.random.Generator) -> Windows:
    """Return as many windows of natural language as of code; random windows of the larger class are dropped."""
    natural, code = np.flatnonzero(windows.is_natural), np.flatnonzero(~windows.is_natural)
    count = min(len(natural), len(code))
    chosen = np.zeros(len(windows.is_natural), np.bool_)
    chosen[rng.permutation(natural)[:count]] = True
    chosen[rng.permutation(code)[:count]] = True
    return windows.of(chosen)
