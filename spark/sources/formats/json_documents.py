"""JSON files: an array of objects, which is read element by element; or one object a line, as in JSONL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import pyarrow as pa

from spark.sources.compression import compressed_suffix, created, with_compressions
from spark.sources.formats.json_lines import LINES_TRIED, JsonLinesPart, JsonLinesSource, schema_of, types_of
from spark.sources.json_array import elements_of, is_array
from spark.sources.json_lines import in_batches, parse_lines
from spark.sources.line_blocks import blocks_of, first_lines
from spark.sources.parts import ROWS_A_BATCH, CopiedPart, Part
from spark.sources.registry import Format, ReadOptions
from spark.sources.source import FirstRows
from spark.storage.paths import AnyPath

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Files that tokenizers, models and `datasets` put beside data.
NOT_DATA = (
    *("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json"),
    *("config.json", "generation_config.json", "model.safetensors.index.json"),
    *("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "run.json"),
)


@dataclass(frozen=True)
class JsonArrayPart(Part):
    """The elements of the array in a file. schema: of the source."""

    schema: pa.Schema

    def batches(self, names: Sequence[str] | None = None, rows: int = ROWS_A_BATCH) -> Iterator[pa.RecordBatch]:
        """Yield the elements, judged as lines of JSONL are."""
        types = types_of(self.schema, names)
        for elements in in_batches(elements_of(self.path), rows):
            yield pa.RecordBatch.from_pydict(parse_lines(elements, types, has_others=names is not None))

    def count_rows(self) -> int:
        """Return the number of elements."""
        return sum(1 for _ in elements_of(self.path))

    def copy_without(self, removed: NDArray[np.int64], directory: AnyPath, name: str) -> CopiedPart:
        """Write the elements that are kept as they are, in an array."""
        name = f"{name}.json{compressed_suffix(self.path)}"
        gone, rows = set(removed.tolist()), 0
        with created(directory / name) as stream:
            for position, element in enumerate(elements_of(self.path)):
                if position not in gone:
                    stream.write((b",\n" if rows else b"[\n") + element)
                    rows += 1
            stream.write(b"\n]\n" if rows else b"[]\n")
        return CopiedPart(name, rows)


@dataclass(frozen=True)
class JsonSource(JsonLinesSource):
    """JSON files. arrays: those that hold an array; the others hold lines."""

    arrays: frozenset[AnyPath]

    def parts(self, bytes_a_part: int | None = None) -> tuple[Part, ...]:  # type: ignore[override]
        """Return one part per array, and one per block of lines."""
        parts: list[Part] = []
        for path in self.paths:
            if path in self.arrays:
                parts.append(JsonArrayPart(path, None, self.schema))
            else:
                blocks = blocks_of((path,), bytes_a_part)
                parts.extend(JsonLinesPart(path, None, self.schema, block) for block in blocks)
        return tuple(parts)

    def first_rows(self, count: int) -> FirstRows:
        """Return the first rows, and their number estimated from the length of the first ones."""
        if self.paths[0] not in self.arrays:
            return super().first_rows(count)
        elements = list(islice(elements_of(self.paths[0]), count))
        table = pa.table(parse_lines(elements, types_of(self.schema)))
        if len(elements) < count and len(self.paths) == 1:
            return FirstRows(table, len(elements))
        total = None if compressed_suffix(self.paths[0]) else self.bytes * len(elements) // sum(map(len, elements))
        return FirstRows(table, total)


def open_json(paths: tuple[AnyPath, ...], options: ReadOptions | None = None) -> JsonSource:
    """Open JSON files; raise UserError if their first rows are no objects."""
    arrays = frozenset(path for path in paths if is_array(path))
    lines: list[bytes] = []
    for path in paths:
        lines += islice(elements_of(path), LINES_TRIED) if path in arrays else first_lines(path, LINES_TRIED).lines
    size = sum(path.stat().st_size for path in paths)
    return JsonSource(paths, schema_of(paths, lines, options or ReadOptions()), None, size, arrays)


FORMAT = Format("JSON", with_compressions(".json"), open_json, is_common=True, not_data=NOT_DATA)
