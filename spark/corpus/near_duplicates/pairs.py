"""The pairs of near duplicates among distinct sequences: candidates by MinHash bands, verified in blocks.

There are three stages:

1. Each sequence is put into one bucket per band.
2. Each bucket is cut into blocks of a bounded number of members (`features.near_duplicates.buckets`).
3. Each block is joined with the tokens of its members and verified.

A pair becomes a row only after it is verified. A bucket of m distinct members costs m² / 2 comparisons, 20 to 30 ns
each. It sends the tokens of its members m / CHUNK_MEMBERS times, spread over all tasks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F  # noqa: N812

from features.near_duplicates.bands import Bands, choose_bands
from features.near_duplicates.signatures import band_hashes, require_ngram
from features.near_duplicates.verification import near_duplicate_pairs
from filters.contract import RaggedArray
from filters.ragged import ragged_from_lists
from spark.corpus.near_duplicates.blocks import BLOCK, block_starts, blocks_of_parts, whole_blocks
from spark.corpus.near_duplicates.clusters import LEVEL, PAIR_COLUMNS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

MEMBERSHIPS_A_PART = 2**21  # 32 MiB of pairs of bucket and id; a task sorts one part at a time
# Starting and ending a Python task costs as much as a thousand sequences. Spark does not adapt the number of partitions
# of a persisted frame, so it would use as many tasks for the smallest table as for the largest.
ROWS_A_TASK = 50_000


@dataclass(frozen=True)
class PairSearch:
    """A search for pairs of near duplicates.

    thresholds: minimum Jaccard similarities, one or more, in ascending order. Pairs are found at the first threshold.
    ngram_tokens: tokens per n-gram.

    Raises ValueError as `choose_bands` and `require_ngram` do.
    """

    thresholds: tuple[float, ...]
    ngram_tokens: int

    def __post_init__(self) -> None:
        require_ngram(self.ngram_tokens)
        choose_bands(self.thresholds[0])

    @property
    def bands(self) -> Bands:
        """The MinHash bands that find the candidates, chosen for the first threshold."""
        return choose_bands(self.thresholds[0])

    def pairs(self, distinct: DataFrame, rows: int) -> DataFrame:
        """Return the pairs, `PAIR_COLUMNS` and `LEVEL`, all `long`: each pair once, `first` below `second`.

        LEVEL: the index of the highest threshold that the pair reaches.

        distinct: `sequence_id: long` (unique), `copies: long`, `tokens: array<int>` (distinct). rows: number of rows.
        """
        tasks = max(distinct.sparkSession.sparkContext.defaultParallelism, rows // ROWS_A_TASK)
        parts = max(tasks, -(-rows * self.bands.bands // MEMBERSHIPS_A_PART))
        blocks = (
            distinct.select("sequence_id", "tokens")
            .coalesce(tasks)
            .mapInArrow(lambda batches: self._memberships(batches, parts), "part int, packed binary")
            .repartition("part")
            .sortWithinPartitions("part")
            .mapInArrow(blocks_of_parts, "bucket long, members array<long>, left_size int")
            # Very similar sequences agree in many bands, so several buckets give equal blocks; verify each block once.
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
            members.join(distinct, "sequence_id")
            .select(*BLOCK, "position", "left_size", "sequence_id", "copies", "tokens")
            .repartition(tasks, *BLOCK)
            .sortWithinPartitions(*BLOCK, "position")
            .mapInArrow(self._verify, ", ".join(f"{name} long" for name in (*PAIR_COLUMNS, LEVEL)))
        )

    def _memberships(self, batches: Iterator[pa.RecordBatch], parts: int) -> Iterator[pa.RecordBatch]:
        """Yield pairs of bucket and sequence id, one per band of each sequence, packed by the part of the bucket."""
        for batch in batches:
            buckets = band_hashes(ragged_from_lists(batch["tokens"]), self.ngram_tokens, self.bands).ravel()
            packed = np.column_stack([buckets, np.repeat(np.asarray(batch["sequence_id"]), self.bands.bands)])
            part = ((buckets.view(np.uint64) >> np.uint64(32)) * np.uint64(parts) >> np.uint64(32)).astype(np.int32)
            packed = packed[np.argsort(part, kind="stable")]
            numbers, sizes = np.unique(part, return_counts=True)
            values = [piece.tobytes() for piece in np.split(packed, np.cumsum(sizes)[:-1])]
            yield pa.RecordBatch.from_arrays([pa.array(numbers), pa.array(values, pa.binary())], ["part", "packed"])

    def _verify(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the pairs of near duplicates in the blocks; the rows of a block must be consecutive."""
        for rows in whole_blocks(batches):
            tokens = ragged_from_lists(rows["tokens"])
            starts = block_starts(rows)
            buckets, left_sizes = (np.asarray(rows[name])[starts] for name in ("bucket", "left_size"))
            blocks = RaggedArray(buckets, np.append(starts, len(rows)))
            hashes = band_hashes(tokens, self.ngram_tokens, self.bands)
            found = near_duplicate_pairs(
                tokens, hashes, blocks, left_sizes, self.ngram_tokens, np.array(self.thresholds)
            )
            columns = [np.asarray(rows[name])[found[:, k]] for name in ("sequence_id", "copies") for k in (0, 1)]
            columns.append(found[:, 2])
            yield pa.RecordBatch.from_arrays([pa.array(column) for column in columns], [*PAIR_COLUMNS, LEVEL])
