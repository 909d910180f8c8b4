"""The environment that Spark is started in: empty variables, the locale, the temporary directory, the checks."""

from __future__ import annotations

import os
import resource
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from spark.session import launch
from utils import UserError


@pytest.fixture(autouse=True)
def restored_environment() -> Iterator[None]:
    """Restore the environment after each test."""
    with patch.dict(os.environ):
        yield


@pytest.mark.parametrize("name", ["MASTER", "SPARK_HOME", "PYSPARK_PYTHON", "PYSPARK_SUBMIT_ARGS"])
def test_an_empty_variable_is_as_if_it_were_not_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "")
    monkeypatch.setenv("SPARK_USER", "me")
    monkeypatch.setenv("OTHER", "")
    launch.drop_empty_variables()
    assert (name in os.environ, os.environ["SPARK_USER"], os.environ["OTHER"]) == (False, "me", "")


@pytest.mark.parametrize(
    ("file_names", "locale_encoding", "expected"),
    [
        pytest.param("utf-8", "ANSI_X3.4-1968", {"LC_ALL": "C.UTF-8"}, id="LC_ALL=C, in which Python reads UTF-8"),
        pytest.param("utf-8", "UTF8", {}, id="UTF-8"),
        pytest.param("iso8859-1", "ISO-8859-1", {}, id="the same in both"),
    ],
)
def test_java_encodes_file_names_as_python(file_names: str, locale_encoding: str, expected: dict[str, str]) -> None:
    assert launch.java_locale(file_names, locale_encoding) == expected


@pytest.mark.parametrize(
    ("arguments", "locale_encoding", "is_refused"),
    [
        pytest.param(["x.py", "--datasets", "??tf"], "ANSI_X3.4-1968", True, id="replaced"),
        pytest.param(["x.py", "--datasets", "??tf"], "UTF-8", False, id="given"),
        pytest.param(["x.py", "--datasets", "a?.parquet"], "ANSI_X3.4-1968", False, id="a pattern"),
    ],
)
def test_arguments_that_spark_submit_spoils_are_reported(
    arguments: list[str], locale_encoding: str, is_refused: bool
) -> None:
    if not is_refused:
        return launch.require_whole_arguments(arguments, "utf-8", locale_encoding)
    with pytest.raises(UserError, match=r"in this locale: \?\?tf\.\nStart it with LC_ALL=C\.UTF-8"):
        return launch.require_whole_arguments(arguments, "utf-8", locale_encoding)


@pytest.mark.parametrize(
    ("texts", "environment", "expected"),
    [
        (["--master local", ""], {}, False),
        (["", "spark.driver.extraJavaOptions -Djava.io.tmpdir=/a"], {}, True),
        (["--driver-java-options '-Djava.io.tmpdir=/b' pyspark-shell"], {}, True),
        ([], {"JAVA_TOOL_OPTIONS": "-Xint -Djava.io.tmpdir=/c"}, True),
    ],
)
def test_the_temporary_directory_that_the_user_gives_to_java_is_found(
    texts: list[str], environment: dict[str, str], expected: bool
) -> None:
    assert launch.is_java_directory_set(texts, environment) == expected


def test_java_gets_the_temporary_directory_of_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("SPARK_SUBMIT_OPTS", "-Xint")
    launch.prepare_launch(local=False)
    assert os.environ["SPARK_SUBMIT_OPTS"] == f'-Djava.io.tmpdir="{tmp_path}" -Xint'
    launch.prepare_launch(local=False)
    assert os.environ["SPARK_SUBMIT_OPTS"] == f'-Djava.io.tmpdir="{tmp_path}" -Xint'


def test_a_launch_checks_the_temporary_directory_unless_java_has_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYSPARK_PYTHON", "SPARK_SUBMIT_OPTS"):  # a session of another test sets them
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(UserError, match=r"^Temporary directory: cannot write to"):
        launch.check_launch([])
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Djava.io.tmpdir=/own")
    launch.check_launch([])


def test_no_temporary_directory_at_all_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    with pytest.raises(UserError, match=r"cannot write to TMPDIR, /tmp.*\nSet TMPDIR"):
        launch.temporary_directory()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SPARK_HOME", "/no/spark", "^SPARK_HOME: "),
        ("SPARK_LOCAL_IP", "203.0.113.9", "^SPARK_LOCAL_IP: "),
        ("SPARK_LOCAL_DIRS", "/dev/null/x", "^SPARK_LOCAL_DIRS: "),
        ("PYSPARK_PYTHON", "/no/python", "^PYSPARK_PYTHON: "),
        ("MASTER", "mine", "^Spark's master: "),
    ],
)
def test_a_launch_checks_the_environment(monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str) -> None:
    for variable in ("PYSPARK_PYTHON", "MASTER"):
        monkeypatch.delenv(variable, raising=False)
    launch.check_launch(launch.masters_set())
    monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match=message):
        launch.check_launch(launch.masters_set())


def no_loopback(*_: object) -> None:
    raise OSError(101, "Network is unreachable")


@pytest.mark.parametrize(
    ("owner", "name", "value", "message"),
    [
        (os, "getuid", lambda: 54321, "user id 54321"),
        (resource, "getrlimit", lambda which: (256, 256), "the hard limit is 256"),
        (launch, "PROJECT_DIRECTORY", Path("/a:b"), "^The project is in /a:b"),
        (socket, "create_server", no_loopback, "Network is unreachable"),
    ],
)
def test_a_launch_checks_the_machine(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, value: object, message: str
) -> None:
    monkeypatch.delenv("PYSPARK_PYTHON", raising=False)
    monkeypatch.setattr(owner, name, value)
    with pytest.raises(UserError, match=message):
        launch.check_launch([])
