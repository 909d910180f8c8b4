"""What all tests share: one Spark session, a small tokenizer, and tiny tables written to disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

PROJECT = Path(__file__).resolve().parent.parent
PYTHIA = PROJECT.parent / "shared" / "data" / "pythia"

# For the JVMs of all tests, which live for seconds and spend most of them on optimising themselves.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")

requires_pythia = pytest.mark.skipif(not PYTHIA.exists(), reason="the labelled Pythia data is not on this machine")


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One session for all tests, set up as for a run."""
    from spark.runs.run_directory import logs_of
    from spark.session.spark_session import start_session

    directory = tmp_path_factory.mktemp("spark")
    session = start_session("tests", logs_of(directory, directory))
    yield session
    session.stop()


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """A byte-level BPE tokenizer of 280 tokens."""
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=280,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    trained.train_from_iterator(["one two three four five six seven eight nine ten"] * 10, trainer)
    return trained


@pytest.fixture(scope="session")
def tokenizer_file(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That tokenizer as a tokenizer.json."""
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    tokenizer.save(str(path))
    return path


@pytest.fixture
def write_parquet(tmp_path: Path) -> Callable[..., Path]:
    """Writes columns as a Parquet file below the test's own directory; its path."""

    def write(name: str, columns: dict[str, Any] | pa.Table, **options: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), path, **options)
        return path

    return write
