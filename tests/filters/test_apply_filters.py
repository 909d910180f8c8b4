"""Measuring a table without Spark: every row is kept, and unknown values are null."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import Tokenizer

from filters import apply_filters
from filters.registry import ALL_FILTERS, GROUPS, choose_filters
from utils import UserError

COMPUTED = [column for each in choose_filters(("all",)) if each.measure is not None for column in each.columns]


def table(rows: int = 200) -> pa.Table:
    generator = np.random.default_rng(1)
    tokens = [generator.integers(0, 280, generator.integers(1, 70)).tolist() for _ in range(rows)]
    tokens[3], tokens[5], tokens[7] = None, [], [9, 5_000]
    return pa.table({"sequence_id": range(rows), "tokens": pa.array(tokens, pa.list_(pa.int64()))})


def test_columns_have_declared_types_and_bad_rows_are_null(tokenizer: Tokenizer) -> None:
    measured = apply_filters(table(), tokenizer, token_frequencies=np.arange(280))
    assert measured["sequence_id"].to_pylist() == list(range(200))
    for column in COMPUTED:
        assert measured.schema.field(column.name).type == column.type, column.name
        values = measured[column.name].to_pylist()
        assert values[3] is values[5] is values[7] is None
    assert measured["text"].null_count == 3


def test_values_do_not_depend_on_batches(tokenizer: Tokenizer) -> None:
    expected = apply_filters(table(), tokenizer, token_frequencies=np.arange(280))
    for rows, tokens in ((7, 10**9), (10**9, 100), (1, 1)):
        found = apply_filters(
            table(), tokenizer, token_frequencies=np.arange(280), batch_rows=rows, batch_tokens=tokens
        )
        assert found.equals(expected)


def test_values_do_not_depend_on_row_order(tokenizer: Tokenizer) -> None:
    order = np.random.default_rng(2).permutation(200)
    expected = apply_filters(table(), tokenizer).take(pa.array(order))
    assert apply_filters(table().take(pa.array(order)), tokenizer).equals(expected)


def test_text_and_its_tokens_give_the_same_metrics(tokenizer: Tokenizer) -> None:
    texts = ["one two three " * 5, "zehn é 中", "x"]
    from_text = apply_filters(pa.table({"text": texts}), tokenizer)
    tokens = [tokenizer.encode(text).ids for text in texts]
    from_tokens = apply_filters(pa.table({"tokens": tokens}), tokenizer)
    names = [column.name for column in COMPUTED]
    assert from_text.select(names).equals(from_tokens.select(names))


def test_given_text_is_kept_and_missing_text_is_decoded(tokenizer: Tokenizer) -> None:
    tokens = [tokenizer.encode(text).ids for text in ("one", "two", "three")]
    given = pa.table({"tokens": tokens, "text": ["mine", None, "mine too"]})
    assert apply_filters(given, tokenizer)["text"].to_pylist() == ["mine", "two", "mine too"]
    without = apply_filters(given)
    assert without["text"].to_pylist() == ["mine", None, "mine too"]
    assert without["zlib_size"].null_count == 1


def test_text_columns_are_null_without_a_tokenizer() -> None:
    measured = apply_filters(pa.table({"tokens": [[1, 2, 3]]}))
    assert measured["text"].null_count == measured["zlib_size"].null_count == 1
    assert measured["is_repeating"].to_pylist() == [False]


def test_filters_are_chosen_by_name(tokenizer_file: Path) -> None:
    measured = apply_filters(pa.table({"text": ["a a a"]}), tokenizer_file, filters=("repetition",))
    repetition = next(each for each in ALL_FILTERS if each.name == "repetition")
    assert measured.column_names == ["text", *(column.name for column in repetition.columns)]


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        pytest.param({"text": ["a"]}, {"filters": ("repetitions",)}, "did you mean repetition", id="filter"),
        pytest.param({"other": [1]}, {}, "expected a column `tokens` or `text`", id="nothing to measure"),
        pytest.param({"tokens": ["a"]}, {}, "expected lists of whole numbers", id="tokens of text"),
        pytest.param({"tokens": [[0.5]]}, {}, "expected lists of whole numbers", id="tokens of fractions"),
        pytest.param({"text": [1]}, {}, "expected text", id="text of numbers"),
    ],
)
def test_wrong_input_is_rejected(given: dict[str, list[Any]], options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        apply_filters(pa.table(given), **options)


def test_empty_table_gets_all_columns(tokenizer: Tokenizer) -> None:
    empty = pa.table({"tokens": pa.array([], pa.list_(pa.int32()))})
    measured = apply_filters(empty, tokenizer)
    assert len(measured) == 0
    assert set(measured.column_names) == {"tokens", *(column.name for column in COMPUTED)}


def test_filter_names_and_columns_are_unique() -> None:
    names = [each.name for each in ALL_FILTERS]
    assert len({*names, *GROUPS}) == len(names) + len(GROUPS)
    for computed in (True, False):
        columns = [
            column.name for each in ALL_FILTERS if (each.measure is not None) == computed for column in each.columns
        ]
        assert len(set(columns)) == len(columns)
    assert [each.name for each in choose_filters(("incrementing", "detokenization"))] == [
        "detokenization",
        "incrementing",
    ]


def test_group_is_its_filters_and_computed_columns_are_not_joined() -> None:
    for group in GROUPS:
        assert choose_filters((group,)) == tuple(each for each in ALL_FILTERS if each.group == group)
    together = choose_filters(("all", "model"))
    columns = [column.name for each in together for column in each.columns]
    assert len(set(columns)) == len(columns)
    left_out = {each.name for each in ALL_FILTERS} - {each.name for each in together}
    assert left_out == {"perplexities", "memorization_score", "attention", "prompt_and_continuation"}
    assert {each.name for each in together if each.asks_model} == {each.name for each in choose_filters(("model",))}
