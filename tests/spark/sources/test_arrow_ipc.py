"""Arrow files and streams, and folders of `save_to_disk`: read as sequences and corpora, and copied."""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.feather
import pytest

from spark.metrics.configuration import build_configuration
from spark.metrics.local_datasets import local_tables
from spark.sources.catalog import TableLocation
from spark.sources.corpora import resolve_corpus
from spark.sources.input_columns import recognise_columns
from spark.sources.local_files import describe_files, find_files
from spark.sources.resolver import Resolver
from spark.sources.sequences import read_sequences
from tests.spark.sources.test_token_file import rows_of
from utils import UserError

AT = datetime.datetime(2024, 1, 2, 3, 4, 5)
TABLE = pa.table(
    {
        "text": pa.array(["one", "two", "one"]).dictionary_encode(),
        "tokens": pa.array([[1], [2, 3], [4]], pa.large_list(pa.uint16())),
        "at": pa.array([1, 2, 3 * 10**18], pa.timestamp("ns")),
        "n": pa.array([0, 2**32 - 1, None], pa.uint32()),
        "half": pa.array(np.array([0.5, 1, 2], np.float16)),
        "none": pa.nulls(3),
    }
)


@pytest.fixture(params=["file", "stream", "feather"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Write the table as two record batches."""
    path = tmp_path / f"a.{'feather' if request.param == 'feather' else 'arrow'}"
    if request.param == "feather":
        pyarrow.feather.write_feather(TABLE, str(path), chunksize=2)
        return path
    create = pa.ipc.new_file if request.param == "file" else pa.ipc.new_stream
    with create(str(path), TABLE.schema) as writer:
        writer.write_table(TABLE, 2)
    return path


def test_types_are_those_of_spark(path: Path) -> None:
    source = describe_files(find_files(path))
    assert [str(type_) for type_ in source.schema.types] == [
        *("string", "list<item: int32>", "timestamp[us]", "int64", "float", "string")
    ]
    rows = [row for part in source.parts(1) for batch in part.batches() for row in batch.to_pylist()]
    assert [row["n"] for row in rows] == [0, 2**32 - 1, None]
    assert (rows[2]["text"], rows[1]["tokens"], rows[2]["half"], rows[2]["none"]) == ("one", [2, 3], 2.0, None)
    assert rows[0]["at"] == datetime.datetime(1970, 1, 1)
    assert len(source.parts(1)) == (1 if source.counts == (None,) else 2)  # type: ignore[attr-defined]


def test_arrow_is_a_corpus_that_is_copied_as_it_is(path: Path, tmp_path: Path) -> None:
    corpus = resolve_corpus(str(path), 3, None, Resolver(tmp_path, {}, print), bytes_a_part=1 << 30)
    assert rows_of(corpus) == {0: [1], 1: [2, 3], 2: [4]}
    (tmp_path / "copy").mkdir()
    copied = corpus.parts[0].copy_without(np.array([1]), tmp_path / "copy", "part")
    assert copied == (f"part{path.suffix}", 2)
    file = tmp_path / "copy" / copied.file
    is_file = path.read_bytes()[:6] == b"ARROW1"
    assert (file.read_bytes()[:6] == b"ARROW1") == is_file
    with (pa.ipc.open_file if is_file else pa.ipc.open_stream)(str(file)) as reader:
        assert reader.read_all().cast(TABLE.schema).equals(TABLE.take([0, 2]))


def test_damaged_arrow_is_named(path: Path) -> None:
    content = path.read_bytes()
    for damaged in (content[: len(content) // 2], b"", b"x" * 100):
        path.write_bytes(damaged)
        with pytest.raises(UserError, match=f"{path.name} is damaged, or cannot be read"):
            source = describe_files(find_files(path))
            [list(part.batches()) for part in source.parts()]


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Save a DatasetDict of two splits, with an Arrow file of a cache beside the data of one."""
    splits = {
        name: datasets.Dataset.from_dict({"tokens": [[n] for n in range(start, stop)]})
        for name, start, stop in (("train", 0, 5), ("test", 5, 7))
    }
    datasets.DatasetDict(splits).save_to_disk(str(tmp_path / "saved"), num_shards={"train": 2, "test": 1})
    data = tmp_path / "saved" / "train"
    shutil.copy(data / "data-00000-of-00002.arrow", data / "cache-0123.arrow")
    return tmp_path / "saved"


def test_saved_dataset_is_its_own_files(saved: Path, tmp_path: Path) -> None:
    names = ["data-00000-of-00002.arrow", "data-00001-of-00002.arrow"]
    assert [path.name for path in find_files(saved / "train")] == names
    resolver = Resolver(tmp_path, {}, print)
    for source, ids in ((f"{saved}#test", [5, 6]), (str(saved / "test"), [5, 6]), (str(saved), [0, 1, 2])):
        corpus = resolve_corpus(source, 3, None, resolver)
        assert [tokens for [tokens] in list(rows_of(corpus).values())[:3]][:2] in (ids[:2], [3, 4])
    with pytest.raises(UserError, match=r"split of .*saved"):
        resolver.files(TableLocation(str(saved), "other", is_local=True))
    (saved / "train" / names[1]).unlink()
    with pytest.raises(UserError, match=f"expected the file {names[1]}, as state.json says, found none"):
        find_files(saved / "train")


def test_each_saved_split_is_a_table(saved: Path) -> None:
    tables = local_tables(saved, build_configuration({"datasets": str(saved)}))
    assert [(table.dataset, table.location.split) for table in tables] == [
        ("saved_test", "test"),
        ("saved_train", "train"),
    ]
    (table,) = local_tables(saved / "train", build_configuration({"datasets": str(saved / "train")}))
    assert (table.dataset, table.location.split) == ("train", None)


def test_arrow_is_read_as_sequences(spark: Any, path: Path, saved: Path, tmp_path: Path) -> None:
    source = describe_files(find_files(path))
    rows = read_sequences(spark, source, recognise_columns(source.schema, "a")).collect()
    found = {row["sequence_id"]: (row["text"], row["tokens"], row["_run_other_1"]) for row in rows}
    assert found == {0: ("one", [1], 0), 1: ("two", [2, 3], 2**32 - 1), 2: ("one", [4], None)}
    location = TableLocation(str(saved), "train", is_local=True)
    source = Resolver(tmp_path, {}, print).files(location)
    rows = read_sequences(spark, source, recognise_columns(source.schema, "a")).collect()
    assert {row["sequence_id"]: row["tokens"] for row in rows} == {number: [number] for number in range(5)}
