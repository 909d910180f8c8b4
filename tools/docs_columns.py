"""docs/columns.md: every metric column, from what the filters declare."""

from __future__ import annotations

import pyarrow as pa

from filters.contract import Filter
from filters.feature_tables import FEATURE_TABLES
from filters.reasons import ReasonKind
from filters.registry import ALL_FILTERS
from tools.markdown import table

INTRODUCTION = """\
# Columns

The metrics table has one row per sequence. Every row has `sequence_id`, `tokens`, your own columns and the columns of
the filters that ran. A boolean column comes with the score that it was cut from, so you can cut elsewhere.

A value that cannot be known is null, and the summary and `run.json` say why. [Glossary](glossary.md): the terms.

DuckDB and `DataFrame.query` misread names that begin with a digit, such as the published `0_8_snowclones`. Such a
column has a twin with the same values and a plain name: `snowclones_0_8`.

- **Name a filter** in `--filters`, or a group: `all`, `model`.
- **Group `none`**: the filter runs only if you name it.
- **Input**: what the filter reads. A filter that joins a feature table needs the option of that name.

"""

REJECTED = """
## Rejected rows { #rejected-rows }

`rejected/` holds every row that was not measured: its id, `tokens`, `text` (as bytes) and your own columns as they are
in the data, for text formats the `line`, and why: `reason` is a text for people, `reason_kind` a word to group by. The
summary and `run.json` (`rejected_by_kind`) count the rows of each kind.

"""


def columns_page() -> str:
    """Return the page: one section per filter, each with a table of its columns."""
    overview = table(("filter", "group", "input", "columns"), map(_overview_row, ALL_FILTERS))
    sections = "".join(f"\n{_section(each)}" for each in ALL_FILTERS)
    kinds = table(
        ("`reason_kind`", "why the row was not measured"), ((f"`{kind}`", kind.meaning) for kind in ReasonKind)
    )
    return INTRODUCTION + overview + sections + REJECTED + kinds


def type_name(arrow_type: pa.DataType) -> str:
    """Return the type in words: int64, list of int32."""
    if pa.types.is_list(arrow_type):
        return f"list of {type_name(arrow_type.value_type)}"
    return str(arrow_type)


def _overview_row(each: Filter) -> tuple[str, ...]:
    names = [f"`{column.name}`" for column in each.columns]
    shown = names if len(names) <= 4 else [*names[:3], f"{len(names) - 3} more"]
    return f"[`{each.name}`](#{each.name})", each.group or "none", _input(each), ", ".join(shown)


def _section(each: Filter) -> str:
    rows = ((f"`{column.name}`", type_name(column.type), column.meaning) for column in each.columns)
    return f"## `{each.name}` {{ #{each.name} }}\n\n" + table(("column", "type", "meaning"), rows)


def _input(each: Filter) -> str:
    if each.feature_table in {table.name for table in FEATURE_TABLES}:
        return f"`--{each.feature_table}`"
    if each.measure is None:
        return "your data"
    return ", ".join(name.replace("_", " ") for name in each.reads)
