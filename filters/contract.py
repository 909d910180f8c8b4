"""What filters and feature tables declare: columns, inputs, and the batch of sequences that a filter measures."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from filters.input_types import is_integer

if TYPE_CHECKING:
    from filters.language_model.answers import AttentionSpread, Extraction, Predictions

Input = Literal["tokens", "text", "token_frequencies", "predictions", "extraction", "decoded_share", "attention"]
Group = Literal["all", "model"]
MIN_K_PERCENT = 20.0  # as in Shi et al. 2024, arXiv:2310.16789
SEQUENCE_KEYS = ("sequence_id", "index", "Index", "id")
TOKEN_KEYS = ("token_id", "TokenID")
NUMBER = r"([1-9]\d{0,8})"
# The inputs that come from a language model.
MODEL_INPUTS: frozenset[Input] = frozenset(("predictions", "extraction", "decoded_share", "attention"))


class RaggedArray(NamedTuple):
    """Rows of different lengths, stored end to end as in an Arrow list.

    values: all rows, one after the other, shape (total,).
    offsets: int64, shape (rows + 1,), starting at 0; row i is `values[offsets[i]:offsets[i + 1]]`.
    """

    values: NDArray[np.generic]
    offsets: NDArray[np.int64]


@dataclass(frozen=True)
class Sequences:
    """A batch of valid sequences: no nulls, every token id in the vocabulary.

    A filter must accept empty rows. Rows that are empty in the data are rejected, but text can encode to no tokens, and
    tokens can decode to no text.

    tokens: int32 token ids; None if the data has only text.
    text: valid UTF-8 as uint8 bytes, not characters; None without text and tokenizer.
    token_frequencies: int64, shape (vocabulary size,): corpus count of each token id, -1 if the frequency table does
        not list it; None without a table.
    predictions, extraction, decoded_share, attention: outputs of a language model; None if not computed. decoded_share:
        float64, shape (rows,): share of the continuation's tokens that greedy decoding from the prompt reproduces; NaN
        if the sequence is shorter than prompt and continuation.
    min_k_percent: percentage of the tokens that Min-K% uses, above 0 to 100.
    """

    tokens: RaggedArray | None = None
    text: RaggedArray | None = None
    token_frequencies: NDArray[np.int64] | None = None
    predictions: Predictions | None = None
    extraction: Extraction | None = None
    decoded_share: NDArray[np.float64] | None = None
    attention: AttentionSpread | None = None
    min_k_percent: float = MIN_K_PERCENT


@dataclass(frozen=True)
class Column:
    """One column of the metrics table: its name, its Arrow type, and its meaning in one sentence.

    twin: another column of the same table, with the same values; each is filled from the other if the data has one.
    """

    name: str
    type: pa.DataType
    meaning: str
    twin: str | None = None


@dataclass(frozen=True)
class Filter:
    """One filter: a group of columns computed together.

    reads: the fields of `Sequences` it needs; if one of them is None, the columns are null.
    measure: return the arrays of `columns`, in order, with their types and one value per row. None if the columns are
        joined from `feature_table`, or read from the source.
    group: the name under which `--filters` selects it with others; None if it must be named.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    reads: tuple[Input, ...] = ()
    measure: Callable[[Sequences], tuple[pa.Array, ...]] | None = None
    feature_table: str | None = None
    group: Group | None = "all"

    @property
    def asks_model(self) -> bool:
        """Return whether the filter needs a language model."""
        return not MODEL_INPUTS.isdisjoint(self.reads)


# The kind of data (`memories`, `pile`, `plain`), its scheme and its model -> splits of the published dataset.
SplitNames = Callable[[str, str | None, str | None], tuple[str, ...]]


def split_by_scheme(kind: str, scheme: str | None, model: str | None) -> tuple[str, ...]:
    """Return one split, named like the scheme."""
    return (f"{scheme}",)


@dataclass(frozen=True)
class TableColumn(Column):
    """A column of a feature table: a metric, the values it can have, and its other names in published tables.

    twin: the plain name of a column whose published name DuckDB and `DataFrame.query` misread. Tables are written with
        both and read with either.
    """

    smallest: float = 0.0
    largest: float = math.inf
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which the column is accepted, its own first."""
        return (self.name, *([self.twin] if self.twin else []), *self.aliases)

    def with_number(self, number: int) -> TableColumn:
        """Return the column with a number for `{number}` in its names and meaning."""
        name, meaning, *aliases = (each.format(number=number) for each in (self.name, self.meaning, *self.aliases))
        return replace(self, name=name, meaning=meaning, aliases=tuple(aliases))


@dataclass(frozen=True)
class FeatureTable:
    """A table that is looked up by sequence id or token id.

    name: the option that says where the table is.
    key_names: accepted names of the key column.
    split_names: the splits of a table laid out as a Hub dataset that belong to one split of the data.
    filter_name: the filter that joins the columns, if it is not called like the table.
    differs_by_model: whether each model has its own values.
    needs_all_columns: whether a table that lacks one of the columns is rejected.
    hub_id: the published dataset, with {scheme} in it if there is one per scheme; None if none is published.
    dataset: directory of the table in the published layout; None if neither the sample nor a run writes one.
    has_dataset_per_scheme: whether that directory starts with the scheme.
    in_sample: whether the embedded sample has the table.
    is_built: whether `build_features.py` builds it, as the feature of the same name.
    counts_continuation: whether the values are of the continuation of each sequence.
    numbered: a column that the table may have several times, with a number for `{number}` in its names and meaning.
    described: the settings that the meanings of the columns state, by the option of `build_features.py`.
    """

    name: str
    meaning: str
    columns: tuple[TableColumn, ...]
    split_names: SplitNames = split_by_scheme
    key_names: tuple[str, ...] = SEQUENCE_KEYS
    filter_name: str | None = None
    differs_by_model: bool = False
    needs_all_columns: bool = False
    hub_id: str | None = None
    dataset: str | None = None
    has_dataset_per_scheme: bool = False
    in_sample: bool = False
    is_built: bool = False
    counts_continuation: bool = False
    numbered: TableColumn | None = None
    described: tuple[tuple[str, float], ...] = ()

    @property
    def written_columns(self) -> tuple[Column, ...]:
        """The columns of the table as it is written: its own, then the twins of those that have one."""
        twins = (
            Column(each.twin, each.type, f"the same as `{each.name}`", twin=each.name)
            for each in self.columns
            if each.twin is not None
        )
        return (*self.columns, *twins)

    @property
    def holds_integers(self) -> bool:
        """Whether all values are whole numbers."""
        return all(is_integer(column.type) for column in self.columns)

    @property
    def has_token_key(self) -> bool:
        """Whether the table is looked up by token id, so that a filter reads it instead of a join."""
        return self.key_names == TOKEN_KEYS

    @property
    def published_choice(self) -> str:
        """`published, ` if the table is published, else empty: begins a list of what its option accepts."""
        return "published, " if self.hub_id is not None else ""

    def column(self, name: str) -> TableColumn:
        """Return the column of this name."""
        return next(column for column in (*self.columns, *self.numbered_columns([name])) if column.name == name)

    def numbered_columns(self, names: Iterable[str]) -> tuple[TableColumn, ...]:
        """Return the numbered columns that are among these names of columns, in the order of their numbers."""
        if self.numbered is None:
            return ()
        patterns = [each.replace("{number}", NUMBER) for each in self.numbered.names]
        matches = [re.fullmatch(pattern, name, re.ASCII) for name in names for pattern in patterns]
        return tuple(map(self.numbered.with_number, sorted({int(found[1]) for found in matches if found})))

    def dataset_of(self, scheme: str | None) -> str:
        """Return the directory of the table in the published layout; raise ValueError if it has none."""
        if self.dataset is None:
            raise ValueError(f"the feature table {self.name} has no dataset in the published layout")
        return f"{scheme}-{self.dataset}" if self.has_dataset_per_scheme and scheme else self.dataset
