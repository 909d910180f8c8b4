"""Print the Markdown table of all metric columns: `python -m filters.describe`."""

from __future__ import annotations

import pyarrow as pa

from filters.registry import ALL_FILTERS


def columns_table() -> str:
    """Return a Markdown table of every metric column: filter, name, type, meaning."""
    lines = ["| filter | column | type | meaning |", "|---|---|---|---|"]
    for each in ALL_FILTERS:
        for number, column in enumerate(each.columns):
            name = f"`{each.name}`" if number == 0 else ""
            lines.append(f"| {name} | `{column.name}` | {type_name(column.type)} | {column.meaning} |")
    return "\n".join(lines)


def type_name(arrow_type: pa.DataType) -> str:
    """Return the type as the docs write it: int64, list of int32."""
    if pa.types.is_list(arrow_type):
        return f"list of {type_name(arrow_type.value_type)}"
    return str(arrow_type)


if __name__ == "__main__":
    print(columns_table())
