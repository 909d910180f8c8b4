"""What would keep Spark from starting is reported before it starts, with its cause and its remedy."""

from __future__ import annotations

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
