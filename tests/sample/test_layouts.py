"""The sample's files have the published columns, and agree with the corpus and the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset

from sample.paths import (
    MODELS,
    SAMPLE_DIR,
    SCHEMES,
    feature_directory,
    memories_directory,
    pile_directory,
    tokenizer_path,
)
from tests.sample.committed import corpus, different_rows, tokenizer, truth

SPLITS = [f"{scheme}.{model}" for scheme in SCHEMES for model in MODELS]
SETS = [
    *((memories_directory(), split, {"index": "int64", "tokens": "list<element: int64>"}) for split in SPLITS),
    *(
        (
            pile_directory(scheme),
            "train",
            {"Index": "int64", "Tokens": "list<element: int64>", "70M": "double", "160M": "double"},
        )
        for scheme in SCHEMES
    ),
    *((feature_directory("duplicates", s), s, {"index": "int64", "counts": "int64"}) for s in SCHEMES),
    *(
        (feature_directory("token_frequencies", scheme), split, {"TokenID": "int64", "Frequency": "int64"})
        for scheme in SCHEMES
        for split in ("memorized", "non_memorized")
    ),
    *(
        (
            feature_directory("semantic_duplicates", ""),
            f"{scheme}{model}_{kind}",
            {"sequence_id": "int64", f"0_8_{kind}": "int64", f"0_9_{kind}": "int64"},
        )
        for scheme in SCHEMES
        for model in ("", *(f"_{model}" for model in MODELS))
        for kind in ("snowclones", "templates")
    ),
    *(
        (
            feature_directory("perplexities", ""),
            split,
            {"sequence_id": "int64", "loss": "double"}
            | {f"{part}_perplexity": "double" for part in ("prompt", "generation", "sequence")},
        )
        for split in SPLITS
    ),
]


def _read(directory: Path, split: str) -> pa.Table:
    return pq.read_table(directory / "data" / f"{split}-00000-of-00001.parquet")


@pytest.mark.parametrize(
    ("directory", "split", "columns"), SETS, ids=lambda value: str(getattr(value, "name", value))[:40]
)
def test_files_have_the_published_columns(directory: Path, split: str, columns: dict[str, str]) -> None:
    table = _read(directory, split)
    assert {field.name: str(field.type) for field in table.schema} == columns
    key = table[table.column_names[0]].to_numpy()
    assert (np.diff(key) > 0).all()
    assert all(column.null_count == 0 for column in table.columns)
    assert table.num_rows >= (4096 if "TokenID" in columns else 1000)


@pytest.mark.parametrize("directory", sorted({directory for directory, _, _ in SETS}), ids=lambda path: path.name)
def test_datasets_reads_every_split(directory: Path, tmp_path: Path) -> None:
    for split in [split for other, split, _ in SETS if other == directory]:
        table = _read(directory, split)
        dataset = load_dataset(str(directory), split=split, cache_dir=str(tmp_path))
        assert dataset.data.table.select(table.column_names).equals(table)


def test_the_sample_is_small() -> None:
    sizes = [path.stat().st_size for path in SAMPLE_DIR.rglob("*") if path.is_file()]
    assert sum(sizes) < 10_000_000


def _tokens(table: pa.Table, name: str) -> np.ndarray:
    lists = table[name].combine_chunks()
    assert set(np.diff(lists.offsets.to_numpy())) == {64}
    return lists.values.to_numpy().reshape(-1, 64)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_memories_and_random_samples_are_rows_of_the_corpus(scheme: str) -> None:
    ids, tokens = corpus(scheme)
    tables = [_read(memories_directory(), f"{scheme}.{model}") for model in MODELS]
    for table in (*tables, _read(pile_directory(scheme), "train")):
        key, found = table.column_names[:2]
        assert (_tokens(table, found) == tokens[np.searchsorted(ids, table[key].to_numpy())]).all()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_counted_features_agree_with_the_corpus(scheme: str) -> None:
    ids, tokens = corpus(scheme)
    duplicates = _read(feature_directory("duplicates", scheme), scheme)
    assert duplicates["index"].to_numpy().tolist() == ids.tolist()
    assert duplicates["counts"].to_pylist() == truth()[f"duplicates_{scheme}"].take(ids).to_pylist()
    memorized = _tokens(_read(memories_directory(), f"{scheme}.160m"), "tokens")
    split = {s: _read(feature_directory("token_frequencies", scheme), s) for s in ("memorized", "non_memorized")}
    counts = {name: np.zeros(4096, np.int64) for name in split}
    np.add.at(counts["memorized"], memorized.ravel(), 1)
    np.add.at(counts["non_memorized"], tokens.ravel(), 1)
    counts["non_memorized"] -= counts["memorized"]
    for name, table in split.items():
        assert table["TokenID"].to_pylist() == list(range(4096))
        assert table["Frequency"].to_pylist() == counts[name].tolist()


@pytest.mark.parametrize("split", SPLITS)
def test_perplexities_agree_with_each_other(split: str) -> None:
    scheme, _ = split.split(".")
    table = _read(feature_directory("perplexities", ""), split)
    prompt, generation, whole = (
        np.log(table[f"{part}_perplexity"].to_numpy()) for part in ("prompt", "generation", "sequence")
    )
    np.testing.assert_allclose(31 * prompt + 32 * generation, 63 * whole, rtol=1e-12)
    np.testing.assert_allclose(table["loss"].to_numpy(), whole, rtol=1e-12)
    known = set(table["sequence_id"].to_pylist())
    assert known == {
        *_read(memories_directory(), split)["index"].to_pylist(),
        *_read(pile_directory(scheme), "train")["Index"].to_pylist(),
    }


@pytest.mark.parametrize("scheme", SCHEMES)
def test_semantic_duplicates_are_nested_and_at_least_the_copies(scheme: str) -> None:
    directory = feature_directory("semantic_duplicates", "")
    snowclones, templates = (_read(directory, f"{scheme}_{kind}") for kind in ("snowclones", "templates"))
    wide, narrow = (snowclones[f"0_{level}_snowclones"].to_numpy() for level in (8, 9))
    wide_templates, narrow_templates = (templates[f"0_{level}_templates"].to_numpy() for level in (8, 9))
    copies = truth()["copies"].take(snowclones["sequence_id"]).to_numpy() if scheme == "duped" else 1
    assert (wide >= narrow).all()
    assert (narrow >= copies - 1).all()
    assert (wide >= wide_templates).all()
    assert (wide_templates >= narrow_templates).all()
    assert 0 < narrow_templates.sum() < wide_templates.sum()


def test_the_tokenizer_decodes_to_the_same_text() -> None:
    assert tokenizer().get_vocab_size() == 4096
    assert tokenizer().token_to_id("<|endoftext|>") == 0
    texts = ["Straße, naïve — 日本 🙂\n\tx  =   1;", " " * 25 + "a", "", "\u0000\u007f"]
    assert [tokenizer().decode(tokenizer().encode(text).ids) for text in texts] == texts
    assert tokenizer_path().with_name("tokenizer_config.json").exists()


def test_the_readme_explains_every_column_of_the_truth() -> None:
    readme = (SAMPLE_DIR.parent / "README.md").read_text()
    named = [name for name in truth().column_names if not name.startswith("memorization_score")]
    assert [name for name in named if f"`{name}`" not in readme] == []
    assert {row["category"] for row in different_rows()} == {
        line.split("`")[1]
        for line in readme.split("## The texts")[1].split("## ")[0].splitlines()
        if line.startswith("| `")
    }
