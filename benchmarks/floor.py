"""The floor: one simple process that reads, decodes, compresses each text once and writes.

`python -m benchmarks.floor INPUT.parquet OUTPUT.parquet TOKENIZER.json`
"""

from __future__ import annotations

import sys

import pyarrow as pa
import pyarrow.parquet as pq
from tokenizers import Tokenizer
from zlib_ng import zlib_ng

BATCH_ROWS = 10_000


def main(source: str, target: str, tokenizer_path: str) -> None:
    """Do the same as the simplest program with these libraries would."""
    tokenizer = Tokenizer.from_file(tokenizer_path)
    writer = None
    for batch in pq.ParquetFile(source).iter_batches(BATCH_ROWS):
        texts = tokenizer.decode_batch(batch["tokens"].to_pylist(), skip_special_tokens=False)
        sizes = [len(zlib_ng.compress(text.encode())) for text in texts]
        out = pa.table(
            {
                "sequence_id": batch["sequence_id"],
                "tokens": batch["tokens"],
                "text": pa.array(texts, pa.string()),
                "zlib_size": pa.array(sizes, pa.int32()),
            }
        )
        writer = writer or pq.ParquetWriter(target, out.schema, compression="zstd")
        writer.write_table(out)
    if writer:
        writer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
