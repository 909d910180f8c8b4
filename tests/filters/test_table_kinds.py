"""`apply_filters` takes every kind of table, leaves it as it is, and gives back the same kind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from filters import apply_filters
from tests.conftest import PROJECT
from utils import UserError

TEXTS = ["1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14", None, "no no no no no no no no no no no no"]
INCREMENTING, STEPS, REPEATS = [True, None, False], [1.0, None, None], [None, None, 11]
FILTERS = ["incrementing", "repetition"]


@pytest.fixture
def pl() -> ModuleType:
    """Return Polars; without it, skip the test, but fail on the machine that must run all."""
    if find_spec("polars") is None and os.environ.get("CI") != "true":
        pytest.skip("Polars is not installed")
    import polars

    return polars


def to_lists(table: Any) -> dict[str, list[Any]]:
    """Return the columns of a table of any kind as Python lists."""
    if isinstance(table, pd.DataFrame):
        return {name: [None if value is pd.NA else value for value in table[name]] for name in table}
    if isinstance(table, datasets.Dataset):
        return dict(table.with_format(None).to_dict())
    return dict(table.to_pydict() if isinstance(table, pa.Table) else table)


def assert_measured(measured: Any) -> None:
    found = to_lists(measured)
    assert found["text"] == TEXTS
    assert found["is_incrementing"] == INCREMENTING
    assert found["num_repeating"] == REPEATS
    steps = [None if step is None or np.isnan(step) else step for step in found["increment_step"]]
    assert steps == STEPS


MAKE: dict[str, Callable[[dict[str, Any]], Any]] = {
    "dict": dict,
    "Arrow": pa.table,
    "pandas": pd.DataFrame,
    "datasets": datasets.Dataset.from_dict,
}


@pytest.mark.parametrize("kind", MAKE)
def test_result_is_of_the_same_kind(kind: str, tokenizer: Tokenizer) -> None:
    given = MAKE[kind]({"id": [4, 5, 6], "text": TEXTS, "zlib_size": ["my", "own", "column"]})
    measured = apply_filters(given, tokenizer, FILTERS)
    assert type(measured) is type(given)
    assert_measured(measured)
    assert list(to_lists(measured))[:3] == ["id", "text", "zlib_size"]
    assert set(to_lists(given)) == {"id", "text", "zlib_size"}  # stays as it is
    replaced = to_lists(apply_filters(measured, tokenizer, "compressibility,incrementing"))
    assert list(replaced)[:3] == ["id", "text", "zlib_size"]
    assert replaced["zlib_size"][0] > 10
    assert replaced["is_incrementing"] == INCREMENTING


@pytest.mark.parametrize("kind", MAKE)
def test_tokens_and_missing_text_of_every_kind(kind: str, tokenizer: Tokenizer) -> None:
    tokens = [tokenizer.encode(text).ids if text else None for text in TEXTS]
    given = MAKE[kind]({"tokens": tokens, "text": [None, None, "mine"]})
    measured = to_lists(apply_filters(given, tokenizer, ["detokenization", *FILTERS]))
    assert measured["text"] == [TEXTS[0], None, "mine"]
    assert measured["num_repeating"] == REPEATS


@pytest.mark.parametrize("kind", MAKE)
def test_no_rows_of_every_kind(kind: str, tokenizer: Tokenizer) -> None:
    given = MAKE[kind]({"text": TEXTS})
    without = {"dict": lambda: {"text": []}, "datasets": lambda: given.select([])}.get(kind, lambda: given[:0])
    measured = apply_filters(without(), tokenizer, FILTERS)
    assert type(measured) is type(given)
    assert len(to_lists(measured)["is_repeating"]) == 0


def test_list_of_texts_gives_an_arrow_table(tokenizer: Tokenizer) -> None:
    for given in (TEXTS, tuple(TEXTS)):
        measured = apply_filters(given, tokenizer, FILTERS)
        assert isinstance(measured, pa.Table)
        assert_measured(measured)
    assert apply_filters([], tokenizer, "repetition").num_rows == 0


def test_record_batch_gives_an_arrow_table(tokenizer: Tokenizer) -> None:
    measured = apply_filters(pa.RecordBatch.from_pydict({"text": TEXTS}), tokenizer, FILTERS)
    assert isinstance(measured, pa.Table)
    assert_measured(measured)


def test_dict_takes_arrays_and_series(tokenizer: Tokenizer) -> None:
    for texts in (pa.array(TEXTS), pa.chunked_array([TEXTS]), pd.Series(TEXTS), np.array(TEXTS, object), tuple(TEXTS)):
        assert apply_filters({"text": texts}, tokenizer, FILTERS)["num_repeating"] == REPEATS
    tokens = np.array([[1, 2, 1, 2], [3, 4, 5, 6]])
    assert apply_filters({"tokens": tokens}, filters="repetition")["num_repeating"] == [2, None]


def test_pandas_keeps_its_index_and_columns_and_gets_nullable_types(tokenizer: Tokenizer) -> None:
    index = pd.MultiIndex.from_tuples([("b", 1), ("a", 2), ("a", 1)])
    mine = {"when": pd.to_datetime(["2026-01-01"] * 3), "kind": pd.Categorical(["x", "y", "x"]), 7: [{1}, {2}, {3}]}
    given = pd.DataFrame({"text": TEXTS, **mine}, index=index)
    measured = apply_filters(given, tokenizer, FILTERS)
    assert measured[given.columns].equals(given)
    assert measured.dtypes[["is_incrementing", "num_repeating", "increment_step"]].tolist() == [
        *(pd.BooleanDtype(), pd.Int32Dtype(), np.dtype("float64")),
    ]
    assert measured[measured["is_incrementing"]].index.tolist() == [("b", 1)]


@pytest.mark.parametrize("dtype", ["object", "string", "string[pyarrow]", "category"])
def test_pandas_text_of_any_type(dtype: str, tokenizer: Tokenizer) -> None:
    measured = apply_filters(pd.DataFrame({"text": pd.Series(TEXTS, dtype=dtype)}), tokenizer, FILTERS)
    assert measured["text"].dtype == dtype
    assert [None if pd.isna(each) else each for each in measured["num_repeating"]] == REPEATS


def test_dataset_keeps_its_rows_types_and_format(tokenizer: Tokenizer) -> None:
    features = datasets.Features(
        {"text": datasets.Value("large_string"), "kind": datasets.ClassLabel(names=["x", "y"])}
    )
    given = datasets.Dataset.from_dict({"text": [*TEXTS, "x"], "kind": [0, 1, 1, 0]}, features, split="test")
    chosen = given.select([2, 3, 0]).with_format("numpy")
    measured = apply_filters(chosen, tokenizer, FILTERS)
    assert measured.split == "test" and measured.format["type"] == "numpy"
    assert {name: measured.features[name] for name in features} == features
    assert measured.with_format(None)["text"][:] == [TEXTS[2], "x", TEXTS[0]]
    assert measured.with_format(None)["num_repeating"][:] == [11, None, None]


def test_polars_gives_polars(pl: ModuleType, tokenizer: Tokenizer) -> None:
    for dtype in (pl.String, pl.Categorical, pl.Enum([text for text in TEXTS if text])):
        given = pl.DataFrame({"text": TEXTS, "when": [datetime(2026, 1, 1)] * 3}, schema_overrides={"text": dtype})
        measured = apply_filters(given, tokenizer, FILTERS)
        assert measured.columns[:2] == ["text", "when"] and given.columns == ["text", "when"]
        assert measured["text"].dtype == dtype
        assert measured["num_repeating"].to_list() == REPEATS
        assert measured["is_incrementing"].to_list() == INCREMENTING
    tokens = pl.Series([[1, 2, 1, 2], [3, 4, 5, 2**63]], dtype=pl.Array(pl.UInt64, 4))
    assert apply_filters(pl.DataFrame({"tokens": tokens}), filters="repetition")["is_repeating"].to_list() == [
        *(True, None),
    ]
    assert apply_filters(given.clear(), tokenizer, FILTERS).height == 0


def test_polars_series_and_lazy_frames_are_rejected(pl: ModuleType) -> None:
    for given in (pl.Series("text", ["a"]), pl.LazyFrame({"text": ["a"]})):
        with pytest.raises(UserError, match="expected a table or a list of texts, found"):
            apply_filters(given)


def test_transformers_tokenizer_is_taken(tokenizer: Tokenizer) -> None:
    given = PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    assert_measured(apply_filters({"text": TEXTS}, given, FILTERS))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param("a.parquet", "found str", id="path"),
        pytest.param([["a"]], "found list", id="list of lists"),
        pytest.param(pd.Series(["a"]), "found Series", id="series"),
        pytest.param(datasets.DatasetDict(), "expected a column|found DatasetDict", id="splits"),
        pytest.param({"text": "one text"}, "no list of texts", id="one text as a column"),
        pytest.param({"text": ["a", 1]}, "expected text in column `text`, found other values", id="mixed"),
        pytest.param({"tokens": [[1], ["a"]]}, "expected lists of whole numbers in column `tokens`", id="mixed tokens"),
        pytest.param({"tokens": [[2**64]]}, "expected lists of whole numbers", id="above 64 bits"),
        pytest.param({"tokens": [[1.5]]}, "found list<item: double>", id="fractions"),
        pytest.param({"tokens": [[1], [2]], "text": ["a"]}, "columns of one length, found 2 rows", id="lengths"),
        pytest.param({}, "found none", id="no columns"),
        pytest.param(pa.table([["a"], ["b"]], ["text", "text"]), "expected one column `text`, found 2", id="twice"),
        pytest.param(
            pd.DataFrame([["a", "b"]], columns=["text"] * 2), "expected one column `text`", id="twice, pandas"
        ),
    ],
)
def test_what_is_no_table_is_rejected(given: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        apply_filters(given)


def test_unpaired_surrogate_makes_one_null_row(tokenizer: Tokenizer) -> None:
    texts = ["a a a", "\ud800", "b b b"]
    for given in ({"text": texts}, pd.DataFrame({"text": texts}), texts):
        sizes = to_lists(apply_filters(given, tokenizer, "compressibility"))["zlib_size"]
        assert [size is None for size in sizes] == [False, True, False]


def test_other_libraries_are_not_imported() -> None:
    code = (
        "import sys; from filters import apply_filters; "
        "apply_filters({'text': ['a']}, filters='compressibility'); apply_filters(['a'], filters='compressibility'); "
        "print(*[name for name in ('polars', 'datasets', 'transformers', 'torch') if name in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == ""
