"""Mixed real text for the benchmarks, collected from this machine: code, documentation, data, markup."""

from __future__ import annotations

import random
import site
import sys
import sysconfig
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tokenizers import Tokenizer

from filters.tokenizer import read_tokenizer

SEQUENCE_TOKENS = 64
SUFFIXES = {".py", ".pyi", ".h", ".c", ".js", ".css", ".html", ".json", ".md", ".rst", ".txt", ".xml", ".yaml", ".csv"}
LARGEST_FILE = 400_000  # bytes; keeps one huge table from filling the sample
FILES_A_TASK = 64
MACHINE_ROOTS = ("/usr/share/doc", "/usr/include", "/usr/lib/node_modules")

_tokenizer: Tokenizer | None = None


def write_sequences(path: Path, rows: int, tokenizer_path: Path) -> None:
    """Write `rows` sequences of 64 tokens of the machine's text, with ids in random order.

    If the machine has less text, sequences are cut again at other offsets of the same files.
    """
    tokens = np.concatenate(list(_token_streams(tokenizer_path, rows)))
    distinct = len(tokens) // SEQUENCE_TOKENS - 1
    pieces = []
    for turn in range(-(-rows // distinct)):
        shift = (turn * 23) % SEQUENCE_TOKENS
        pieces.append(tokens[shift : shift + distinct * SEQUENCE_TOKENS].reshape(distinct, SEQUENCE_TOKENS))
    matrix = np.concatenate(pieces)[:rows]
    generator = np.random.default_rng(0)
    generator.shuffle(matrix)
    values = pa.ListArray.from_arrays(
        pa.array(np.arange(rows + 1, dtype=np.int32) * SEQUENCE_TOKENS), pa.array(matrix.reshape(-1))
    )
    table = pa.table({"sequence_id": generator.permutation(rows), "tokens": values})
    pq.write_table(table, path, compression="zstd", row_group_size=100_000)


def _token_streams(tokenizer_path: Path, rows: int) -> Iterator[np.ndarray]:
    wanted, found = rows * SEQUENCE_TOKENS, 0
    with Pool(initializer=_load_tokenizer, initargs=(tokenizer_path,)) as pool:
        for stream in pool.imap(_encode_files, _tasks()):
            yield stream
            found += len(stream)
            if found > wanted + SEQUENCE_TOKENS:
                return


def _tasks() -> Iterator[list[Path]]:
    roots = [*site.getsitepackages(), sysconfig.get_paths()["stdlib"], *MACHINE_ROOTS]
    files = sorted(
        {
            path
            for root in roots
            for path in Path(root).rglob("*")
            if path.suffix in SUFFIXES and path.is_file() and path.stat().st_size < LARGEST_FILE
        }
    )
    random.Random(0).shuffle(files)
    for start in range(0, len(files), FILES_A_TASK):
        yield files[start : start + FILES_A_TASK]


def _load_tokenizer(path: Path) -> None:
    global _tokenizer
    _tokenizer = read_tokenizer(path)


def _encode_files(paths: list[Path]) -> np.ndarray:
    assert _tokenizer is not None
    texts = [path.read_text(encoding="utf-8", errors="ignore") for path in paths]
    encodings = _tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    return np.array([i for encoding in encodings for i in encoding.ids], np.int32)


if __name__ == "__main__":
    write_sequences(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
