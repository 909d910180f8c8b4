"""docs/events.md: every line of `--json`, from the dataclasses of `spark/reporting/events.py`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from spark.reporting import events
from tools.markdown import sentence, table

INTRODUCTION = """\
# Events

`--json` prints one JSON object per line on standard output, and nothing else. Every line has `time` (UTC, ISO 8601) and
`event`, the name below, beside the fields of the event. [Watching a run](quickstart.md#watch-a-run) shows what a person
sees. Two lines of a run on the sample:

"""
# Printed by `calculate_metrics.py --json` on the sample.
EXAMPLES = (
    '{"time": "2026-11-26T02:12:42.365+00:00", "event": "resolving_data", "message": "Resolving data"}',
    '{"time": "2026-11-26T02:13:11.233+00:00", "event": "spark_started", "ui": "http://localhost:4041", '
    '"taken_port": 4040}',
)
JSON_TYPES: dict[Any, str] = {str: "string", int: "int", float: "float", bool: "bool", NoneType: "null"}


def events_page() -> str:
    """Return the page: an overview, then one section per event and per object inside an event."""
    kinds = events.Event.__subclasses__()
    rows = ((f"[`{kind.event_name()}`](#{kind.event_name()})", _first_line(kind)) for kind in kinds)
    page = INTRODUCTION + "```json\n" + "".join(f"{line}\n" for line in EXAMPLES) + "```\n\n"
    page += table(("event", "when"), rows)
    for kind in kinds:
        page += f"\n## `{kind.event_name()}` {{ #{kind.event_name()} }}\n\n{_section(kind)}"
    page += "\n## Objects inside events\n"
    for part in _parts(kinds):
        page += f"\n### `{part.__name__}` {{ #{part.__name__.lower()} }}\n\n{_section(part)}"
    return page


def fields_of(kind: type) -> dict[str, tuple[Any, str]]:
    """Return the type and the meaning of each field, by its name."""
    hints = get_type_hints(kind, include_extras=True)
    found = {}
    for field in fields(kind):
        if get_origin(hints[field.name]) is not Annotated:
            raise TypeError(f"{kind.__name__}.{field.name}: expected Annotated[type, meaning], found no meaning.")
        annotated_type, meaning = get_args(hints[field.name])[:2]
        found[field.name] = (annotated_type, str(meaning))
    return found


def type_name(given: Any) -> str:
    """Return a type as JSON has it: string, int or null, list of objects."""
    origin = get_origin(given)
    if is_dataclass(given) and isinstance(given, type):
        return f"[`{given.__name__}`](#{given.__name__.lower()})"
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in get_args(given))
    if origin is UnionType:
        return " or ".join(type_name(each) for each in get_args(given))
    if origin is Sequence:
        return f"list of {type_name(get_args(given)[0])}"
    return "object" if origin is Mapping else JSON_TYPES[given]


def _section(kind: type) -> str:
    rows = (
        (f"`{name}`", type_name(annotated_type), sentence(meaning))
        for name, (annotated_type, meaning) in fields_of(kind).items()
    )
    return f"{inspect.getdoc(kind)}\n\n" + table(("field", "type", "meaning"), rows)


def _parts(kinds: Sequence[type]) -> list[type]:
    types = [annotated_type for kind in kinds for annotated_type, _ in fields_of(kind).values()]
    inner = [get_args(each)[0] if get_origin(each) is Sequence else each for each in types]
    return list(dict.fromkeys(each for each in inner if isinstance(each, type) and is_dataclass(each)))


def _first_line(kind: type) -> str:
    return (inspect.getdoc(kind) or "").splitlines()[0]
