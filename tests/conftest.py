"""Fixtures for all tests: one Spark session, a small tokenizer, tiny Parquet files; and the markers of pyproject.toml.

The markers `spark`, `network` and `gpu` are set here, from the fixtures of a test. A test that starts a program or a
server itself is marked in its own module. A test without the marker `spark` cannot start a JVM.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from tests.class_archive import JAVA_OPTIONS, options_to_use_it

PROJECT = Path(__file__).resolve().parent.parent
PYTHIA = PROJECT.parent / "shared" / "data" / "pythia"

# Fixtures that start a JVM, or a server on loopback; tests that use them get the marker.
MARKED_FIXTURES = {
    "spark": {"spark", "cluster", "sample_run", "default_run", "deduplicated", "hostile_run"},
    "network": {"hub", "store"},
    "gpu": {"gpu"},
}
# The JAVA_HOME of the tests that are not marked `spark`.
NO_JAVA = PROJECT / "tests" / "no_java"

# The JVMs of the tests live for seconds; without this, they spend most of that time compiling and loading classes.
os.environ.setdefault("JAVA_TOOL_OPTIONS", JAVA_OPTIONS)
os.environ.setdefault("SPARK_SUBMIT_OPTS", options_to_use_it())

requires_pythia = pytest.mark.skipif(not PYTHIA.exists(), reason="the labelled Pythia data is not on this machine")


@pytest.hookimpl(tryfirst=True)  # before pytest selects tests by their markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test according to the fixtures that it uses."""
    for item in items:
        for marker, fixtures in MARKED_FIXTURES.items():
            if fixtures & set(getattr(item, "fixturenames", ())):
                item.add_marker(marker)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Run a test and its fixtures; without the marker `spark`, set JAVA_HOME so that Java fails to start."""
    with pytest.MonkeyPatch.context() as patch:
        if item.get_closest_marker("spark") is None:
            patch.setenv("JAVA_HOME", str(NO_JAVA))
        return (yield)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Yield the Spark session that all tests share, configured as for a run."""
    from spark.runs.run_directory import logs_of
    from spark.session.spark_session import start_session

    directory = tmp_path_factory.mktemp("spark")
    session = start_session("tests", logs_of(directory, directory))
    yield session
    session.stop()


@pytest.fixture(autouse=True)
def restored_session(request: pytest.FixtureRequest) -> Iterator[None]:
    """Restore the settings and local properties of the session after each test, even a failed one."""
    if "spark" not in request.fixturenames:
        yield
        return
    spark = request.getfixturevalue("spark")
    before = _settings(spark), _local_properties(spark)
    yield
    for now, then, put in zip(
        (_settings(spark), _local_properties(spark)),
        before,
        (partial(_set, spark), spark.sparkContext.setLocalProperty),
        strict=True,
    ):
        for name in now.keys() | then.keys():
            if now.get(name) != then.get(name):
                put(name, then.get(name))


def _settings(spark: Any) -> dict[str, str]:
    return dict(spark._jsparkSession.sessionState().conf().settings())


def _local_properties(spark: Any) -> dict[str, str]:
    return dict(spark.sparkContext._jsc.sc().getLocalProperties())


def _set(spark: Any, name: str, value: str | None) -> None:
    if value is None:
        spark.conf.unset(name)
    else:
        spark.conf.set(name, value)


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """Return a byte-level BPE tokenizer of 280 tokens."""
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
    """Return the path of a `tokenizer.json` with the tokenizer of the fixture `tokenizer`."""
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    tokenizer.save(str(path))
    return path


@pytest.fixture
def write_parquet(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes columns to a Parquet file below `tmp_path` and returns its path."""

    def write(name: str, columns: dict[str, Any] | pa.Table, **options: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), path, **options)
        return path

    return write


@pytest.fixture(scope="session")
def gpu() -> str:
    """Return the name of the first CUDA GPU; skip the test if there is none, even in CI, which has none."""
    import torch

    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA GPU on this machine")
    return "cuda:0"
