"""What would keep Spark from starting is reported before it starts, with its cause and its remedy."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spark.session import launch_checks as checks
from utils import UserError


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def spark(home: Path, version: str) -> Path:
    program(home / "bin" / "spark-submit", "")
    (home / "jars").mkdir()
    (home / "jars" / f"spark-core_2.13-{version}.jar").touch()
    return home


def accepted_or_refused(check: Callable[..., None], good: list[Any], bad: Any, message: str) -> None:
    for each in good:
        check(each)
    with pytest.raises(UserError, match=message) as refused:
        check(bad)
    assert str(refused.value).count("\n") == 1


@pytest.mark.parametrize(
    ("check", "good", "bad", "message"),
    [
        (checks.require_user_name, [0], 54321, r"user id 54321 has none in /etc/passwd.\nAdd a line"),
        (checks.require_open_files, [-1, 512, 2**20], 256, r"the hard limit is 256 here.\nRaise it"),
        (checks.require_open_files, [1024], 511, "the hard limit is 511"),
        (checks.require_no_separator, [{"The project": Path("/a b")}], {"Spark": Path("/a:b")}, "^Spark is in /a:b; "),
        (
            checks.require_master,
            [[], ["local"], ["local[2]"], ["spark://a:1"], ["yarn"], ["k8s://b"], ["yarn", "x"]],
            ["\x1bmine"],
            r"found \\x1bmine\.\nCorrect or remove it in .* MASTER",
        ),
        (
            checks.require_local_address,
            [None, "", "127.0.0.1", "localhost", "0.0.0.0"],
            "203.0.113.9",
            "of this machine, found 203.0.113.9: Cannot assign",
        ),
        (checks.require_local_directories, [[]], ["/dev/null/x"], "cannot write to /dev/null/x: Not a directory"),
    ],
)
def test_a_check_accepts_what_works_and_names_what_does_not(
    check: Callable[..., None], good: list[Any], bad: Any, message: str
) -> None:
    accepted_or_refused(check, good, bad, message)


def test_one_local_directory_that_can_be_written_is_enough(tmp_path: Path) -> None:
    checks.require_local_directories(["/dev/null/x", str(tmp_path / "new")])


def test_spark_home_has_the_version_of_pyspark(tmp_path: Path) -> None:
    for home in (None, spark(tmp_path / "same", "4.3.1"), spark(tmp_path / "unknown", "trunk")):
        checks.require_spark_home(home, "4.3.0")
    with pytest.raises(UserError, match=r"expected Spark 4\.3\.0 .* found Spark 3\.5 in .*\nUnset SPARK_HOME"):
        checks.require_spark_home(spark(tmp_path / "old", "3.5.8"), "4.3.0")
    with pytest.raises(UserError, match=r"found no bin/spark-submit in .*gone\.\nUnset SPARK_HOME"):
        checks.require_spark_home(tmp_path / "gone", "4.3.0")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, None),
        ({"f_flag": os.ST_NOEXEC}, r"which is mounted noexec\.\nSet TMPDIR"),
        ({"free": 10**6}, r"expected 17 MB of free space, found 1\.0 MB in .*\nSet TMPDIR"),
    ],
)
def test_java_can_load_libraries_from_the_temporary_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, int], message: str | None
) -> None:
    class State:
        f_flag = change.get("f_flag", 0)
        free = change.get("free", 10**9)

    monkeypatch.setattr(os, "statvfs", lambda path: State)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: State)
    if message is None:
        checks.require_temporary_directory(tmp_path)
    else:
        with pytest.raises(UserError, match=message):
            checks.require_temporary_directory(tmp_path)


def test_a_temporary_directory_that_is_missing_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot write to .*gone: No such file.*\nSet TMPDIR"):
        checks.require_temporary_directory(tmp_path / "gone")


def test_the_workers_python_has_their_packages(tmp_path: Path) -> None:
    checks.require_worker_python(None)
    checks.require_worker_python(sys.executable, ["not_asked_for_this_one"])
    same = program(tmp_path / "same", f'exec "{sys.executable}" "$@"')
    checks.require_worker_python(str(same))
    cases = {
        r"same lacks no_such_module\.\nUnset PYSPARK_PYTHON, or set it to": (same, ["numpy", "no_such_module"]),
        r"cannot run .*gone: No such file": (tmp_path / "gone", []),
        r"cannot run .*silent: it gives no answer": (program(tmp_path / "silent", "exit 1"), []),
        r"expected Python 3\.\d+ as here, found 2\.7 in": (program(tmp_path / "old", """echo '["2.7", []]'"""), []),
    }
    for message, (python, modules) in cases.items():
        with pytest.raises(UserError, match=message):
            checks.require_worker_python(str(python), modules)
