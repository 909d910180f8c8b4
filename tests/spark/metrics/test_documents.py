"""Documents that are cut into sequences: measured, counted in whole documents, and joined by the same numbers."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer

from spark.metrics.configuration import build_configuration
from tests.programs import build_features, calculate_metrics
from tests.spark.metrics.test_job import metrics_job, read
from utils import UserError

Write = Callable[..., Path]
COPIES = 26


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """Write 40 documents; a header of 64 tokens stands at any offset of 26 of them."""
    drawn = random.Random(1)
    header = [100 + number for number in range(64)]
    lines = []
    for number in range(40):
        before, behind = ([drawn.randrange(90) for _ in range(drawn.randrange(60))] for _ in range(2))
        tokens = [*before, *header, *behind] if number < COPIES else [*before, *behind, *before]
        lines.append(json.dumps({"tokens": tokens, "name": f"d{number}"}))
    # The header alone: the first sequence of this document.
    lines += [json.dumps({"tokens": header, "name": "query"}), json.dumps({"tokens": [1] * 9, "name": "short"})]
    path = tmp_path / "documents.jsonl"
    path.write_text("\n".join(lines))
    return path


def test_sequences_have_the_number_of_their_place(spark: Any, documents: Path, tmp_path: Path) -> None:
    run = metrics_job(documents, tmp_path, sequence_tokens=16, stride=8, filters="repetition")
    run.run(spark)
    given = [json.loads(line) for line in documents.read_text().splitlines()]
    expected, number = [], 0
    for place, each in enumerate(given):
        starts = range(0, max(0, len(each["tokens"]) - 15), 8)
        for position, start in enumerate(starts):
            expected.append((number + position, place, start, each["tokens"][start : start + 16], each["name"]))
        number += max(1, len(starts))
    names = ("sequence_id", "document_id", "token_offset", "tokens", "name")
    assert [tuple(row[name] for name in names) for row in read(tmp_path / "metrics")] == expected
    rejected = read(tmp_path / "rejected")
    assert len(rejected) == sum(len(each["tokens"]) < 16 for each in given) > 0
    reason = "the document is shorter than a sequence of 16 tokens; --keep_short keeps it"
    assert {row["reason"] for row in rejected} == {reason}


@pytest.mark.spark
def test_counts_are_those_of_whole_documents_and_join(documents: Path, tmp_path: Path) -> None:
    cut = ["--sequence_tokens", "64", "--keep_short"]
    for name, options in (("by_sequence", cut), ("by_document", [])):
        done = build_features(
            "--corpus", str(documents), "--features", "duplicates", *options, "--run_id", name, directory=tmp_path
        )
        assert done.returncode == 0, done.stdout + done.stderr
    table = pq.read_table(tmp_path / "output" / "by_document" / "generation-num-duplicates")
    assert dict(zip(table["index"].to_pylist(), table["counts"].to_pylist(), strict=True))[40] == COPIES + 1
    joined = ["--duplicates", "output/by_sequence/generation-num-duplicates", "--filters", "duplicates"]
    done = calculate_metrics("--datasets", str(documents), *cut, *joined, "--run_id", "m", directory=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {(row["name"], row["token_offset"]): row for row in read(tmp_path / "output" / "m" / "metrics")}
    assert rows["query", 0]["sequence_duplicates"] == COPIES + 1
    assert any(row["sequence_duplicates"] is None for row in rows.values())  # a short one


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"datasets": "sample", "sequence_tokens": 8}, "expected documents, found the sequences of sample_memories"),
        ({"stride": 8}, "--stride: this option has no effect without --sequence_tokens"),
        ({"keep_short": True}, "--keep_short: this option has no effect without --sequence_tokens"),
        ({"sequence_tokens": 0}, "--sequence_tokens: expected a whole number of at least 1"),
        ({"sequence_tokens": 8, "keep_short": "yes"}, "keep_short: expected true or false"),
    ],
)
def test_wrong_cuts_are_refused(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    from filters.registry import choose_filters
    from spark.metrics.planning import plan_sequence_tables
    from spark.metrics.resolve import resolve_sequence_table
    from spark.sources.resolver import Resolver

    with pytest.raises(UserError, match=message):
        configuration = build_configuration(options)
        tables = plan_sequence_tables(configuration)
        resolver = Resolver(tmp_path, {}, lambda _: None)
        resolve_sequence_table(tables[0], choose_filters(("repetition",)), configuration, resolver)


def test_text_needs_a_tokenizer_and_no_metric_of_documents(
    write_parquet: Write, tokenizer: Tokenizer, tokenizer_file: Path, tmp_path: Path
) -> None:
    path = write_parquet("d.parquet", {"text": ["one two"]})
    with pytest.raises(UserError, match="expected a tokenizer to cut the text of documents"):
        metrics_job(path, tmp_path, sequence_tokens=1, filters="repetition")
    scored = write_parquet("e.parquet", {"text": ["one two"], "memorization_score": [1.0]})
    with pytest.raises(UserError, match="expected no metric of whole documents"):
        metrics_job(scored, tmp_path, sequence_tokens=1, filters="repetition", tokenizer=str(tokenizer_file))
