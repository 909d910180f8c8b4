"""build_features.py --deduplicate end to end: on the sample, on text, and on its own output."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer

from sample import paths as sample_paths
from tests.features.embedding_models import LONGEST, NUMERALS, save_tiny_model
from tests.features.near_duplicates_oracle import similar_pairs
from tests.features.plain_reference import embed_plainly
from tests.programs import build_features


@pytest.fixture(scope="module")
def deduplicated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Remove exact and near duplicates from the sample's corpora; return the run directory and the output."""
    directory = tmp_path_factory.mktemp("deduplicated")
    finished = build_features("--deduplicate", "fuzzy,exact", "--run_id", "first", directory=directory)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return directory / "output" / "first", finished.stdout


@pytest.mark.parametrize("scheme", sample_paths.SCHEMES)
def test_deduplicated_corpus_lacks_exactly_the_removed_rows(deduplicated: Any, scheme: str) -> None:
    directory = deduplicated[0] / "deduplication" / scheme
    corpus, left = pq.read_table(sample_paths.corpus_path(scheme)), pq.read_table(directory / "corpus")
    removed = {row["sequence_id"]: row for row in pq.read_table(directory / "removed").to_pylist()}
    rows = dict(zip(corpus["sequence_id"].to_pylist(), map(tuple, corpus["tokens"].to_pylist()), strict=True))
    assert left.schema.equals(corpus.schema)
    assert left.to_pylist() == [row for row in corpus.to_pylist() if row["sequence_id"] not in removed]
    first: dict[tuple[int, ...], int] = {}
    for sequence_id in sorted(rows):
        first.setdefault(rows[sequence_id], sequence_id)
    copies = {i for i, tokens in rows.items() if first[tokens] != i}
    assert {i for i, row in removed.items() if row["method"] == "exact"} == copies
    assert all(row["duplicate_of"] == first[rows[i]] for i, row in removed.items() if row["method"] == "exact")
    near = [row for row in removed.values() if row["method"] == "fuzzy"]
    assert near and all(row["duplicate_of"] < row["sequence_id"] and row["duplicate_of"] not in removed for row in near)
    # MinHash may miss a pair; on this corpus it misses none at the threshold.
    assert not similar_pairs([tokens for i, tokens in rows.items() if i not in removed], 0.8)
    assert all(row["tokens"] == len(rows[i]) for i, row in removed.items())


@pytest.mark.parametrize("scheme", sample_paths.SCHEMES)
def test_summary_counts_the_removed_rows(deduplicated: Any, scheme: str) -> None:
    directory = deduplicated[0] / "deduplication" / scheme
    removed = pq.read_table(directory / "removed").to_pylist()
    documents = len(pq.read_table(sample_paths.corpus_path(scheme)))
    counts = Counter(row["method"] for row in removed)
    lines = pq.read_table(directory / "summary").to_pylist()
    assert [(line["method"], line["threshold"], line["is_applied"]) for line in lines] == [
        ("exact", None, True),
        ("fuzzy", 0.8, True),
        *(("fuzzy", level, False) for level in (0.85, 0.9, 0.95, 1.0)),
        ("all", None, True),
    ]
    given = {"exact": documents, "fuzzy": documents - counts["exact"], "all": documents}
    for line in lines:
        rows = [row for row in removed if line["method"] in ("all", row["method"])]
        gone = [row for row in rows if line["threshold"] is None or row["threshold"] >= line["threshold"]]
        assert (line["documents"], line["documents_removed"]) == (given[line["method"]], len(gone))
        assert line["tokens_removed"] == sum(row["tokens"] for row in gone)
        assert line["share_of_documents_removed"] == len(gone) / given[line["method"]]
        assert line["share_of_tokens_removed"] == line["tokens_removed"] / line["tokens"]
    assert f"{len(removed):,}" in deduplicated[1]


def test_deduplicated_corpus_can_be_deduplicated_again(deduplicated: Any, tmp_path: Path) -> None:
    corpus = deduplicated[0] / "deduplication" / "{scheme}" / "corpus"
    options = ["--corpus", str(corpus), "--schemes", "duped,deduped", "--deduplicate", "exact,fuzzy", "--json"]
    finished = build_features(*options, "--run_id", "again", directory=tmp_path)
    assert finished.returncode == 0, finished.stderr
    events = [json.loads(line) for line in finished.stdout.splitlines()]
    found = [event for event in events if event["event"] == "deduplicated"]
    assert [event["job"] for event in found] == ["deduplication duped", "deduplication deduped"]
    assert all(line["documents_removed"] == 0 for event in found for line in event["summary"])
    assert events[-1]["event"] == "run_finished"
    record = json.loads((tmp_path / "output" / "again" / "run.json").read_text())
    assert {column["feature"] for column in record["schema"]} == {"deduplication"}


@pytest.mark.spark
def test_text_is_deduplicated_by_all_methods_and_still_joins(
    tmp_path: Path, tokenizer: Tokenizer, tokenizer_file: Path
) -> None:
    generator = np.random.default_rng(4)
    texts = [" ".join(generator.choice(NUMERALS, generator.integers(1, 7))) for _ in range(150)]
    texts[40:90:25] = ["", ""]
    lines = [{"sequence_id": 3 * row, "text": text, "source": [f"s{row}", row]} for row, text in enumerate(texts)]
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    model = save_tiny_model(tmp_path / "model")
    options = ["--corpus", "corpus.jsonl", "--tokenizer", str(tokenizer_file), "--embedding_model", str(model)]
    options += ["--deduplicate", "exact,fuzzy,semantic", "--keep", "longest", "--jaccard_threshold", "0.6"]
    options += ["--cosine_threshold", "0.95", "--semantic_clusters", "1", "--ngram_tokens", "2"]
    finished = build_features(*options, "--run_id", "mine", directory=tmp_path)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    directory = tmp_path / "output" / "mine" / "deduplication"
    removed = {row["sequence_id"]: row for row in pq.read_table(directory / "removed").to_pylist()}
    assert set(Counter(row["method"] for row in removed.values())) == {"exact", "fuzzy", "semantic"}
    files = sorted((directory / "corpus").glob("*.jsonl"))
    left = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    assert left == [line for line in lines if line["sequence_id"] not in removed]
    tokens = {line["sequence_id"]: tokenizer.encode(line["text"]).ids for line in lines}
    assert not similar_pairs([tokens[line["sequence_id"]] for line in left], 0.6, 2)
    assert removed[3 * 65]["method"] == "exact" and removed[3 * 65]["duplicate_of"] == 3 * 40
    record = json.loads((directory.parent / "run.json").read_text())
    assert {table["rows_read"] for table in record["tables"]} == {150}
    # Of the rows that the other methods left, rows similar to an earlier row in the order of length are removed.
    rest = [i for i in tokens if i not in removed or removed[i]["method"] == "semantic"]
    rest.sort(key=lambda i: (-len(tokens[i]), i))
    embeddings = embed_plainly(model, [texts[i // 3] for i in rest], LONGEST)
    similarities = (embeddings @ embeddings.T).round(6)
    for place, sequence_id in enumerate(rest):
        nearest = similarities[place, :place].max(initial=-1.0)
        assert (sequence_id in removed) == (nearest >= 0.95)
        if sequence_id in removed:
            assert similarities[place, rest.index(removed[sequence_id]["duplicate_of"])] == pytest.approx(
                nearest, abs=2e-6
            )
            assert removed[sequence_id]["threshold"] == (0.99 if nearest >= 0.99 else 0.95)
