"""Read columns of the tables that people have, and add columns to them, in their own kind.

pandas, Polars and `datasets` are not imported here: who gives such an object has imported its library.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pyarrow as pa

from filters.errors import UserError, printable

Columns = Mapping[str, pa.ChunkedArray]


class TableKind(NamedTuple):
    """How to use one kind of table.

    names: return the names of its columns. column: return one column as a chunked array; it may raise what the library
    raises. with_columns: return the table with columns added, or replaced in their place; the given table stays as it
    is.
    """

    names: Callable[[Any], list[str]]
    column: Callable[[Any, str], pa.ChunkedArray]
    with_columns: Callable[[Any, Columns], Any]


def open_table(given: Any) -> tuple[Any, TableKind]:
    """Return the table and its kind; a list of texts, or another Arrow object, becomes an Arrow table.

    Raises UserError if it is no table.
    """
    for (module, name), kind in _LIBRARIES.items():
        if _is_a(given, module, name):
            return given, kind
    if isinstance(given, pa.Table):
        return given, _ARROW
    if isinstance(given, dict):
        return given, _DICT
    if isinstance(given, (list, tuple)) and all(each is None or isinstance(each, str) for each in given):
        return pa.table({"text": _as_arrow(given)}), _ARROW
    if hasattr(given, "__arrow_c_stream__") and not _is_a(given, "polars", "Series"):
        return pa.table(given), _ARROW
    raise UserError(
        f"expected a table or a list of texts, found {printable(type(given).__name__)}.\n"
        "Give an Arrow table, a dict of columns, a DataFrame of pandas or Polars, or a datasets.Dataset."
    )


def _is_a(given: Any, module: str, name: str) -> bool:
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(given, kind)


def _with_arrow_columns(table: pa.Table, added: Columns) -> pa.Table:
    for name, values in added.items():
        position = table.schema.get_field_index(name)
        table = table.append_column(name, values) if position < 0 else table.set_column(position, name, values)
    return table


def _as_arrow(values: Any) -> pa.ChunkedArray:
    """Return Python values, or an array of another library, as Arrow; raise what Arrow raises."""
    if isinstance(values, (str, bytes)):
        raise TypeError("one text, and no list of texts")
    if getattr(values, "ndim", 1) == 2:
        values = list(values)
    try:
        found = pa.array(values, from_pandas=True)
    except UnicodeEncodeError:  # an unpaired surrogate: as bytes, they make only their own row unreadable
        found = pa.array([each.encode("utf-8", "surrogatepass") if isinstance(each, str) else None for each in values])
    except OverflowError:  # a number above 2^63 - 1
        found = pa.array(values, pa.list_(pa.uint64()), from_pandas=True)
    return found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])


def _with_pandas_columns(frame: Any, added: Columns) -> Any:
    pandas = sys.modules["pandas"]
    nullable = {
        **{getattr(pa, f"int{bits}")(): getattr(pandas, f"Int{bits}Dtype")() for bits in (8, 16, 32, 64)},
        pa.bool_(): pandas.BooleanDtype(),
    }
    series = {name: values.to_pandas(types_mapper=nullable.get) for name, values in added.items()}
    return frame.assign(**{name: each.set_axis(frame.index) for name, each in series.items()})


def _with_polars_columns(frame: Any, added: Columns) -> Any:
    return frame.with_columns(sys.modules["polars"].from_arrow(pa.table(dict(added))).get_columns())


def _dataset_column(dataset: Any, name: str) -> pa.ChunkedArray:
    return dataset.select_columns([name]).with_format("arrow")[:][name]


def _with_dataset_columns(dataset: Any, added: Columns) -> Any:
    datasets = sys.modules["datasets"]
    new = datasets.Dataset(pa.table(dict(added)))
    kept = dataset.remove_columns([name for name in dataset.column_names if name in added]).with_format(None)
    names = list(dict.fromkeys([*dataset.column_names, *added]))
    if not len(dataset):  # `concatenate_datasets` drops columns without rows
        features = datasets.Features({name: (kept.features | new.features)[name] for name in names})
        joined = datasets.Dataset.from_dict({name: [] for name in names}, features, split=dataset.split)
    elif kept.column_names:
        joined = datasets.concatenate_datasets([kept, new], split=dataset.split, axis=1).select_columns(names)
    else:
        joined = datasets.Dataset(pa.table(dict(added)), split=dataset.split)
    return joined.with_format(dataset.format["type"], **dataset.format["format_kwargs"])


_ARROW = TableKind(lambda table: list(table.column_names), lambda table, name: table[name], _with_arrow_columns)
_DICT = TableKind(
    list,
    lambda columns, name: _as_arrow(columns[name]),
    lambda columns, added: columns | {name: values.to_pylist() for name, values in added.items()},
)
_LIBRARIES = {
    ("pandas", "DataFrame"): TableKind(
        lambda frame: list(frame.columns),
        lambda frame, name: _as_arrow(frame[name]),
        _with_pandas_columns,
    ),
    ("polars", "DataFrame"): TableKind(
        lambda frame: frame.columns,
        lambda frame, name: pa.chunked_array([frame.get_column(name).to_arrow()]),
        _with_polars_columns,
    ),
    ("datasets", "Dataset"): TableKind(lambda dataset: dataset.column_names, _dataset_column, _with_dataset_columns),
}
