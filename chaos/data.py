"""Data for `make chaos`: many copies of the embedded sample, each with its own range of ids.

The data makes five jobs: memories of three models, a random sample with the scores of two models, and JSON lines. Each
has rows that must be rejected. All are joined to feature tables.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sample.paths import feature_directory, memories_directory, pile_directory, tokenizer_path

ID_STEP = 100_000  # above every id of the sample
UNKNOWN_TOKEN = 60_000  # above the sample's vocabulary
REPEATED_ROWS = 5
MEMORIES = ("deduped.70m", "deduped.160m", "duped.70m")


def make_data(directory: Path, rows_per_job: int) -> list[str]:
    """Write about `rows_per_job` rows for each job, and their feature tables; return the options to measure them."""
    memories = directory / "memories"
    (memories / "data").mkdir(parents=True)
    (memories / "README.md").write_text("Splits named {scheme}.{model}.\n")
    for name in MEMORIES:
        source = pq.read_table(memories_directory() / "data" / f"{name}-00000-of-00001.parquet")
        pq.write_table(
            with_rejected_rows(repeated(source, "index", rows_per_job)),
            memories / "data" / f"{name}-00000-of-00001.parquet",
        )
    pile = pq.read_table(pile_directory("deduped") / "data" / "train-00000-of-00001.parquet")
    pq.write_table(with_rejected_rows(repeated(pile, "Index", rows_per_job)), directory / "random.parquet")
    write_lines(repeated(pile, "Index", rows_per_job // 2), directory / "lines.jsonl")
    copies = rows_per_job // min(pq.read_metadata(each).num_rows for each in (memories_directory() / "data").iterdir())
    write_features(directory / "features", copies + 1)
    return [
        *("--datasets", f"{memories},{directory / 'random.parquet'},{directory / 'lines.jsonl'}"),
        *("--tokenizer", str(tokenizer_path())),
        *("--duplicates", str(directory / "features" / "duplicates.parquet")),
        *("--token_frequencies", str(directory / "features" / "frequencies.parquet")),
        *("--perplexities", str(directory / "features" / "{scheme}-{model}.parquet")),
    ]


def repeated(table: pa.Table, key: str, rows: int) -> pa.Table:
    """Return the first `rows` rows of repeated copies of the table; each copy has the next range of ids."""
    copies = -(-rows // len(table))
    return pa.concat_tables(shifted(table, key, copy) for copy in range(copies)).slice(0, rows).combine_chunks()


def shifted(table: pa.Table, key: str, copy: int) -> pa.Table:
    """Return the table with the ids of its n-th copy, n from 0."""
    position = table.column_names.index(key)
    return table.set_column(position, key, pc.add(table[key].cast(pa.int64()), copy * ID_STEP))


def with_rejected_rows(table: pa.Table) -> pa.Table:
    """Return the table with rows that must be rejected: no tokens, an unknown token, no id, a repeated id."""
    ids, tokens = table.column(0).to_numpy().astype(object), table.column(1).to_pylist()
    every = len(tokens) // 20
    for row in range(0, len(tokens), every):
        tokens[row] = None
        tokens[row + 1] = [UNKNOWN_TOKEN, *tokens[row + 1][1:]]
        ids[row + 2] = None
    table = table.set_column(0, table.column_names[0], pa.array(ids, pa.int64()))
    table = table.set_column(1, table.column_names[1], pa.array(tokens, pa.list_(pa.int32())))
    return pa.concat_tables([table, table.slice(10, REPEATED_ROWS)])


def write_lines(table: pa.Table, path: Path) -> None:
    """Write the rows as JSONL with an additional column `note`; every thousandth line is not valid JSON."""
    with path.open("w", encoding="utf-8") as lines:
        for number, row in enumerate(table.select([0, 1]).to_pylist()):
            content = json.dumps({"sequence_id": row["Index"], "tokens": row["Tokens"], "note": f"line {number}"})
            lines.write(content[: 40 if number % 1000 == 500 else None] + "\n")


def write_features(directory: Path, copies: int) -> None:
    """Write feature tables with the ids of `copies` copies; each copy has other numbers of duplicates."""
    directory.mkdir()
    frequencies = pq.read_table(feature_directory("token_frequencies", "deduped") / "data")
    pq.write_table(
        frequencies.group_by("TokenID").aggregate([("Frequency", "sum")]).rename_columns(["TokenID", "Frequency"]),
        directory / "frequencies.parquet",
    )
    duplicates = pq.read_table(feature_directory("duplicates", "duped") / "data" / "duped-00000-of-00001.parquet")
    many = pa.concat_tables(shifted(duplicates, "index", copy) for copy in range(copies))
    counts = pc.add(many["counts"].cast(pa.int64()), np.arange(len(many)) // len(duplicates))
    pq.write_table(
        pa.table({"sequence_id": many["index"], "sequence_duplicates": counts}), directory / "duplicates.parquet"
    )
    perplexities = feature_directory("perplexities", "deduped") / "data"
    sources = {name.replace(".", "-"): name for name in MEMORIES}
    sources |= {"none-70m": "deduped.70m", "none-160m": "deduped.160m", "none-None": "deduped.70m"}
    for written, name in sources.items():
        table = pq.read_table(perplexities / f"{name}-00000-of-00001.parquet")
        many = pa.concat_tables(shifted(table, "sequence_id", copy) for copy in range(copies))
        pq.write_table(many, directory / f"{written}.parquet")
