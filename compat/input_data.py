"""Inputs that versions of Spark could read differently: column types, odd ids, damaged rows, extreme numbers."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sample.paths import tokenizer_path

ROWS = 400


def write_inputs(directory: Path) -> dict[str, list[str]]:
    """Write the inputs, the same at every call; return the program's options by the name of the run."""
    directory.mkdir(parents=True, exist_ok=True)
    pq.write_table(typed_rows(), directory / "typed.parquet", row_group_size=90)
    pq.write_table(byte_texts(), directory / "bytes.parquet")
    (directory / "lines.jsonl").write_bytes(b"\n".join(json_lines()) + b"\n")
    tables = feature_tables()
    for name, table in tables.items():
        pq.write_table(table, directory / f"{name}.parquet")
    typed = ["--datasets", str(directory / "typed.parquet"), "--tokenizer", str(tokenizer_path())]
    without_ids = f"{directory / 'bytes.parquet'},{directory / 'lines.jsonl'}"
    return {
        "sample": [],
        "features": [*typed, *(part for name in tables for part in (f"--{name}", str(directory / f"{name}.parquet")))],
        "drawn": [*typed, "--sample_size", "50", "--sample_seed", "3"],
        "without_ids": ["--datasets", without_ids, "--tokenizer", str(tokenizer_path())],
    }


def typed_rows() -> pa.Table:
    """Return rows with unsigned 64-bit ids, some repeated, null or too large, and columns of every type."""
    generator = np.random.default_rng(11)
    ids: list[int | None] = [int(i) for i in generator.permutation(ROWS)]
    ids[3:9] = [None, 2**63, 2**64 - 1, 17, 17, 2**63 - 1]
    tokens: list[list[int | None] | None] = [generator.integers(0, 900, 64).tolist() for _ in range(ROWS)]
    tokens[20:26] = [None, [], [-1], [2**40], [5, None], [1]]
    moment = datetime(2024, 2, 29, 23, 59, 59, 123456)
    columns: dict[str, tuple[list[Any], pa.DataType]] = {
        "unsigned": ([0, 2**64 - 1, None], pa.uint64()),
        "small": ([0, 255, None], pa.uint8()),
        "wide": ([Decimal("1." + "0" * 17 + "1"), Decimal("-12.5"), None], pa.decimal128(38, 18)),
        "real": ([float("nan"), -0.0, float("-inf")], pa.float32()),
        "local": ([moment, datetime(1900, 1, 1), None], pa.timestamp("us")),
        "instant": ([moment.replace(tzinfo=UTC), None, moment.replace(tzinfo=UTC)], pa.timestamp("ms", "Asia/Tokyo")),
        "day": ([date(1582, 10, 4), date(9999, 12, 31), None], pa.date32()),
        "raw": ([b"\x00\xff", b"", None], pa.binary()),
        "fixed": ([b"abcd", b"\x00" * 4, None], pa.binary(4)),
        "flag": ([True, False, None], pa.bool_()),
        "code": (["x", "", None], pa.dictionary(pa.int8(), pa.string())),
        "long text": (["a\x00b", "\U0001f642", None], pa.large_string()),
        "nested": (
            [{"a.b": [{"c": 1}, None]}, {"a.b": []}, None],
            pa.struct([("a.b", pa.list_(pa.struct([("c", pa.int16())])))]),
        ),
        "pairs": ([[("k", 1)], [], None], pa.map_(pa.string(), pa.int64())),
        "triple": ([[1, 2, 3], [4, 5, 6], None], pa.list_(pa.int64(), 3)),
        "Unsigned": ([1, 2, 3], pa.int64()),
    }
    table = pa.table({"sequence_id": pa.array(ids, pa.uint64()), "tokens": pa.array(tokens, pa.list_(pa.int64()))})
    for name, (values, type_) in columns.items():
        repeated = [values[number % len(values)] for number in range(ROWS)]
        table = table.append_column(name, pa.array(repeated, type_))
    return table


def byte_texts() -> pa.Table:
    """Return texts as bytes, without ids; some are invalid UTF-8, empty or null."""
    texts: list[bytes | None] = [f"line {number} of {ROWS}".encode() for number in range(ROWS)]
    texts[5:11] = [b"\xff\xfe", None, b"", b"\x00", "\U0001f642 é".encode(), b"\xc0\xaf"]
    return pa.table({"text": pa.array(texts, pa.binary()), "memorization_score": pa.array([1] * ROWS, pa.int8())})


def json_lines() -> list[bytes]:
    """Return lines of JSON with a nested column; some must be rejected: not JSON, not UTF-8, another type, a null."""
    records = [{"text": f"record {n}", "count": n, "ratio": n / 7, "more": {"x": [n, None]}} for n in range(ROWS)]
    lines = [json.dumps(record).encode() for record in records]
    lines[30:36] = [b"{", b'{"text": "\xff"}', b'{"text": 3}', b'{"text": null}', b"", b'{"count": 1e3, "text": "a"}']
    lines[40] = b'{"text": "a", "ratio": 1e400}'
    return lines


def feature_tables() -> dict[str, pa.Table]:
    """Return feature tables by option: keys of any width, missing sequences, values at the limits of their types."""
    generator = np.random.default_rng(12)
    keys = np.arange(0, ROWS, 2)
    prompt, generation = generator.gamma(2, 30, len(keys)), generator.gamma(2, 30, len(keys))
    parts = {"prompt": prompt / 63, "generation": generation / 63, "sequence": (prompt + generation) / 63}
    perplexities = {f"{name}_perplexity": np.exp(loss) for name, loss in parts.items()}
    perplexities["prompt_perplexity"][:2] = [np.inf, 1.0]
    counts = pa.array([2**63 - 1, 0, None, *range(len(keys) - 3)], pa.uint64())
    return {
        "duplicates": pa.table({"index": pa.array(keys, pa.uint32()), "counts": counts}),
        "semantic_duplicates": pa.table({"sequence_id": pa.array(keys, pa.int16()), "0_8_snowclones": counts}),
        "nl_scores": pa.table({"id": pa.array(keys), "nl_score": pa.array(generator.random(len(keys)), pa.float32())}),
        "perplexities": pa.table({"Index": pa.array(keys), "loss": parts["sequence"], **perplexities}),
    }
