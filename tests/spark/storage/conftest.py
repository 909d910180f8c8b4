"""Fixtures of the storage tests: a local directory, and a directory in an object store on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from spark.storage import remote_path
from spark.storage.paths import AnyPath, storage_path
from tests.spark.object_store import BUCKET, object_store


@pytest.fixture(scope="module")
def store() -> Iterator[None]:
    """Start an object store and direct this process to it, during the tests of a module."""
    with object_store() as environment, pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        remote_path._connect.cache_clear()
        yield
    remote_path._connect.cache_clear()


@pytest.fixture(params=["local", "s3a"])
def directory(request: pytest.FixtureRequest, tmp_path: Path, store: None) -> AnyPath:
    """Return a new directory for the test: first local, then in the object store."""
    return tmp_path if request.param == "local" else storage_path(f"s3a://{BUCKET}/{tmp_path.name}/with space")


def fill(directory: AnyPath) -> None:
    """Write `sub/a.txt` and `b.parquet`."""
    (directory / "sub").mkdir(parents=True, exist_ok=True)
    (directory / "sub" / "a.txt").write_text("hällo")
    (directory / "b.parquet").write_bytes(b"12345")
