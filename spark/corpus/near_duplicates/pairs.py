"""The pairs of near duplicates among different sequences: candidates by MinHash bands, verified in blocks.

Three stages: every sequence goes into one bucket a band; every bucket becomes blocks of a bounded number of members
(`features.near_duplicates.buckets`); every block is brought together with its members' tokens and verified. No pair
is a row before it is verified. What a bucket of m different members costs: m² / 2 comparisons (20 to 30 ns each), and
its members' tokens are sent m / CHUNK_MEMBERS times; it is spread over as many tasks as there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import functions as F  # noqa: N812

from features.near_duplicates.bands import Bands, choose_bands
from features.near_duplicates.buckets import blocks_of_buckets
from features.near_duplicates.signatures import band_hashes, require_ngram
from features.near_duplicates.verification import near_duplicate_pairs
from filters.contract import RaggedArray
from filters.ragged import lists_from_ragged, ragged_from_lists
from spark.corpus.near_duplicates.clusters import LEVEL, PAIR_COLUMNS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

MEMBERSHIPS_A_PART = 2**21  # 32 MiB of a bucket and an id each; a task sorts one part at a time
# To begin and end a task in Python costs as much as a thousand sequences; Spark itself would take as many for the
# smallest table as for the largest, because it does not adapt the number of partitions of what is persisted.
ROWS_A_TASK = 50_000
BLOCK = ("bucket", "left_first", "right_first")  # by a bucket and the first members of its sides, a block is known


@dataclass(frozen=True)
class PairSearch:
    """What makes two sequences near duplicates, and how they are looked for.

    thresholds: of their Jaccard similarity, one or more, in ascending order; the first says which pairs are found.
    bands: chosen for the first. Raises ValueError as `choose_bands` and `require_ngram` do.
    """

    thresholds: tuple[float, ...]
    ngram_tokens: int

    def __post_init__(self) -> None:
        require_ngram(self.ngram_tokens)
        choose_bands(self.thresholds[0])

    @property
    def bands(self) -> Bands:
        """What candidates are found by."""
        return choose_bands(self.thresholds[0])

    def pairs(self, different: DataFrame, rows: int) -> DataFrame:
        """The near duplicates, PAIR_COLUMNS and LEVEL, all `long`: each pair once, `first` below `second`.

        LEVEL: the number of the last threshold that the pair reaches.

        different: `sequence_id: long` (unique), `copies: long`, `tokens: array<int>` (no two equal); rows: how many.
        """
        tasks = max(different.sparkSession.sparkContext.defaultParallelism, rows // ROWS_A_TASK)
        parts = max(tasks, -(-rows * self.bands.bands // MEMBERSHIPS_A_PART))
        blocks = (
            different.select("sequence_id", "tokens")
            .coalesce(tasks)
            .mapInArrow(lambda batches: self._memberships(batches, parts), "part int, packed binary")
            .repartition("part")
            .sortWithinPartitions("part")
            .mapInArrow(_blocks, "bucket long, members array<long>, left_size int")
            # The bands of very similar sequences agree often: what several buckets have in common is verified once.
            .groupBy("members", "left_size")
            .agg(F.min("bucket").alias("bucket"))
        )
        members = blocks.select(
            "bucket",
            F.expr("members[0]").alias("left_first"),
            F.expr("members[left_size % size(members)]").alias("right_first"),
            "left_size",
            F.posexplode("members").alias("position", "sequence_id"),
        )
        return (
            members.join(different, "sequence_id")
            .select(*BLOCK, "position", "left_size", "sequence_id", "copies", "tokens")
            .repartition(tasks, *BLOCK)
            .sortWithinPartitions(*BLOCK, "position")
            .mapInArrow(self._verified, ", ".join(f"{name} long" for name in (*PAIR_COLUMNS, LEVEL)))
        )

    def _memberships(self, batches: Iterator[pa.RecordBatch], parts: int) -> Iterator[pa.RecordBatch]:
        """The bucket of each band and the id of each sequence, packed, for the part that the bucket belongs to."""
        for batch in batches:
            buckets = band_hashes(ragged_from_lists(batch["tokens"]), self.ngram_tokens, self.bands).ravel()
            packed = np.column_stack([buckets, np.repeat(np.asarray(batch["sequence_id"]), self.bands.bands)])
            part = ((buckets.view(np.uint64) >> np.uint64(32)) * np.uint64(parts) >> np.uint64(32)).astype(np.int32)
            packed = packed[np.argsort(part, kind="stable")]
            used, sizes = np.unique(part, return_counts=True)
            values = [piece.tobytes() for piece in np.split(packed, np.cumsum(sizes)[:-1])]
            yield pa.RecordBatch.from_arrays([pa.array(used), pa.array(values, pa.binary())], ["part", "packed"])

    def _verified(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The near duplicates in the blocks, whose rows come one after the other."""
        for rows in _whole_blocks(batches):
            tokens = ragged_from_lists(rows["tokens"])
            starts = _block_starts(rows)
            buckets, left_sizes = (np.asarray(rows[name])[starts] for name in ("bucket", "left_size"))
            blocks = RaggedArray(buckets, np.append(starts, len(rows)))
            hashes = band_hashes(tokens, self.ngram_tokens, self.bands)
            found = near_duplicate_pairs(
                tokens, hashes, blocks, left_sizes, self.ngram_tokens, np.array(self.thresholds)
            )
            columns = [np.asarray(rows[name])[found[:, k]] for name in ("sequence_id", "copies") for k in (0, 1)]
            columns.append(found[:, 2])
            yield pa.RecordBatch.from_arrays([pa.array(column) for column in columns], [*PAIR_COLUMNS, LEVEL])


def _blocks(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The blocks of the buckets of each part, whose rows come one after the other."""
    for values in _values_of_parts(batches):
        memberships = np.frombuffer(b"".join(values), np.int64).reshape(-1, 2)
        for blocks in blocks_of_buckets(memberships[:, 0], memberships[:, 1]):
            columns = [pa.array(blocks.buckets), lists_from_ragged(blocks.members), pa.array(blocks.left_sizes)]
            yield pa.RecordBatch.from_arrays(columns, ["bucket", "members", "left_size"])


def _values_of_parts(batches: Iterator[pa.RecordBatch]) -> Iterator[list[bytes]]:
    """All packed values of one part after the other."""
    values: list[bytes] = []
    current = None
    for batch in batches:
        for part, value in zip(batch["part"].to_pylist(), batch["packed"].to_pylist(), strict=True):
            if part != current and values:
                yield values
                values = []
            current = part
            values.append(value)
    if values:
        yield values


def _whole_blocks(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches that cut no block in two."""
    rest: list[pa.RecordBatch] = []
    for batch in batches:
        rows = pa.Table.from_batches([*rest, batch]).combine_chunks().to_batches()
        if not rows:
            continue
        last = _block_starts(rows[0])[-1]
        if last > 0:
            yield rows[0].slice(0, last)
        rest = [rows[0].slice(last)]
    yield from rest


def _block_starts(rows: pa.RecordBatch) -> NDArray[np.int64]:
    """Where each block begins."""
    keys = np.column_stack([np.asarray(rows[name]) for name in BLOCK])
    return np.flatnonzero(np.concatenate([[True], (keys[1:] != keys[:-1]).any(axis=1)]))
