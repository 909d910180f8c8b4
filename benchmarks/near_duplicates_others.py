"""Clusters of near duplicates by datasketch and datatrove."""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.near_duplicates_data import NGRAM_TOKENS
from features.near_duplicates.bands import Bands
from features.near_duplicates.components import connected_components

WORKERS = min(2, os.cpu_count() or 1)
Labels = NDArray[np.int64]


def datasketch_labels(tokens: NDArray[np.int32], threshold: float, hashes: int, bands: Bands | None) -> Labels:
    """Return each sequence's cluster by datasketch's MinHashLSH, in one process. Candidates are not verified.

    bands: None to let datasketch choose.
    """
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold, hashes, params=bands)
    signatures = MinHash.generator(
        (
            [row[at : at + NGRAM_TOKENS].tobytes() for at in range(len(row) - NGRAM_TOKENS + 1)]
            for row in tokens
        ),
        num_perm=hashes,
    )  # fmt: skip
    edges = []
    for row, signature in enumerate(signatures):
        edges += [(row, other) for other in index.query(signature)]
        index.insert(row, signature, check_duplication=False)
    labels = np.arange(len(tokens))
    vertices, clusters = connected_components(np.array(edges, np.int64).reshape(-1, 2))
    labels[vertices] = clusters
    return labels


def write_texts(tokens: NDArray[np.int32], directory: Path) -> None:
    """Write the token ids as words for datatrove, one file per worker."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for task, piece in enumerate(np.array_split(np.arange(len(tokens)), WORKERS)):
        text = [" ".join(map(str, row)) for row in tokens[piece].tolist()]
        pq.write_table(pa.table({"text": text, "id": piece.astype(str)}), directory / f"{task:05d}.parquet")


def datatrove_labels(texts: Path, rows: int, bands: Bands, place: Path) -> Labels:
    """Return each sequence's cluster by datatrove's three stages, in `WORKERS` processes.

    texts: the directory that `write_texts` wrote. place: a scratch directory, which is emptied first.
    """
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup.minhash import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.utils.text import TextNormConfig

    from benchmarks.whitespace_words import WhitespaceWords

    shutil.rmtree(place, ignore_errors=True)
    unchanged = TextNormConfig(*[False] * len(TextNormConfig.__dataclass_fields__))
    config = MinhashConfig(NGRAM_TOKENS, bands.bands, bands.rows, norm_config=unchanged)
    signatures, buckets, clusters = (str(place / name) for name in ("signatures", "buckets", "clusters"))
    stages = (
        ([ParquetReader(str(texts)), MinhashDedupSignature(signatures, config, WhitespaceWords())], WORKERS),
        ([MinhashDedupBuckets(signatures, buckets, config=config)], bands.bands),
        ([MinhashDedupCluster(buckets, clusters, config, save_cluster_id=True)], 1),
    )
    for number, (pipeline, tasks) in enumerate(stages):
        LocalPipelineExecutor(pipeline, tasks, WORKERS, logging_dir=str(place / f"logs-{number}")).run()
    labels = np.arange(rows)
    for task, piece in enumerate(np.array_split(np.arange(rows), WORKERS)):
        found = (Path(clusters) / f"{task:06d}.clusters").read_bytes()
        for document, cluster in struct.iter_unpack("<2I", found):
            labels[piece[document]] = rows + cluster
    return labels
