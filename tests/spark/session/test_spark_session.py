"""Settings of the user and the cluster are kept, defaults fill the rest, and required settings always apply."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spark.session import launch, settings
from spark.session import spark_session as session
from tests.conftest import PROJECT
from tests.spark.standalone_cluster import clean_environment, spark_home
from utils import UserError

SHOW = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from spark.runs.run_directory import logs_of
from spark.session.spark_session import start_session

spark = start_session("a run", logs_of(Path("."), Path(".")))
log4j = spark.sparkContext._jvm.org.apache.logging.log4j.LogManager.getLogger("test")
log4j.info("information from the JVM")
log4j.warn("warning from the JVM")
java = spark.sparkContext._jvm.java.lang.System.getProperty
heap = spark.sparkContext._jvm.java.lang.Runtime.getRuntime().maxMemory() // 2**20
seen = {"heap": heap, "names": java("sun.jnu.encoding"), "temporary": java("java.io.tmpdir")}
print(json.dumps({**seen, "ui": spark.sparkContext.uiWebUrl, **dict(spark.sparkContext.getConf().getAll())}))
spark.stop()
"""


def show_settings(directory: Path, command: list[str], environment: dict[str, str]) -> tuple[dict[str, Any], str]:
    """Return the settings of a session started by a separate program, and the program's standard error."""
    (directory / "show.py").write_text(SHOW)
    (directory / "no-settings").mkdir(exist_ok=True)
    finished = subprocess.run(
        [*command, "show.py", str(PROJECT)],
        cwd=directory,
        env=clean_environment(directory) | {"PYSPARK_PYTHON": sys.executable} | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.splitlines()[-1]), finished.stderr


@pytest.mark.spark
def test_without_spark_submit_the_users_settings_override_the_defaults(tmp_path: Path) -> None:
    """Also with an empty MASTER, and with names that are not ASCII in the locale C."""
    tmp_path = tmp_path / "a b é"
    (tmp_path / "temporary").mkdir(parents=True)
    defaults = {
        "spark.driver.memory": "777m",
        "spark.sql.shuffle.partitions": "7",
        "spark.executorEnv.OMP_NUM_THREADS": "2",
        "spark.eventLog.dir": tmp_path.as_uri(),
        "spark.sql.caseSensitive": "false",
    }
    (tmp_path / "no-settings").mkdir()
    lines = "".join(f"{key} {value}\n" for key, value in defaults.items())
    (tmp_path / "no-settings" / "spark-defaults.conf").write_text(lines)
    arguments = "--master local[1] --name mine --conf spark.sql.files.maxPartitionBytes=1m pyspark-shell"
    environment = {"SPARK_LOCAL_IP": "", "MASTER": "", "LC_ALL": "C", "TMPDIR": str(tmp_path / "temporary")}
    shown, errors = show_settings(tmp_path, [sys.executable], {"PYSPARK_SUBMIT_ARGS": arguments, **environment})
    assert (shown["names"], shown["temporary"]) == ("UTF-8", environment["TMPDIR"])
    assert shown["heap"] == pytest.approx(777, rel=0.05)
    assert {key: shown[key] for key in defaults} == defaults | {"spark.sql.caseSensitive": "true"}
    assert (shown["spark.master"], shown["spark.app.name"]) == ("local[1]", "mine")
    assert shown["spark.sql.files.maxPartitionBytes"] == "1m"
    assert shown["spark.sql.parquet.compression.codec"] == "zstd"
    assert not list((tmp_path / "spark-events").glob("*"))
    assert errors == ""
    log = (tmp_path / "run.log").read_text()
    assert "warning from the JVM" in log
    assert "information from the JVM" not in log


@pytest.mark.spark
def test_under_spark_submit_its_settings_override_the_defaults(tmp_path: Path) -> None:
    submit = [str(spark_home() / "bin" / "spark-submit"), "--master", "local[1]", "--driver-memory", "600m"]
    shown, errors = show_settings(tmp_path, submit, {})
    assert shown["heap"] == pytest.approx(600, rel=0.05)
    assert (shown["spark.master"], shown["spark.app.name"]) == ("local[1]", "a run")
    assert shown["spark.eventLog.dir"] == (tmp_path / "spark-events").as_uri()
    assert shown["spark.executorEnv.PYTHONPATH"].split(os.pathsep)[0] == str(PROJECT)
    assert "from the JVM" not in errors
    assert "SparkContext" not in errors  # logged by Spark at its start
    assert "warning from the JVM" in (tmp_path / "run.log").read_text()


@pytest.mark.spark
def test_a_log4j_configuration_of_the_user_is_kept(tmp_path: Path) -> None:
    own = {
        "appender.own.type": "File",
        "appender.own.name": "own",
        "appender.own.fileName": str(tmp_path / "own.log"),
        "appender.own.layout.type": "PatternLayout",
        "appender.own.layout.pattern": "%p %m%n",
        "rootLogger.level": "info",
        "rootLogger.appenderRef.own.ref": "own",
    }
    (tmp_path / "no-settings").mkdir()
    lines = "".join(f"{key} = {value}\n" for key, value in own.items())
    (tmp_path / "no-settings" / "log4j2.properties").write_text(lines)
    show_settings(tmp_path, [sys.executable], {})
    assert "INFO information from the JVM" in (tmp_path / "own.log").read_text()
    assert "from the JVM" not in (tmp_path / "run.log").read_text()


@pytest.mark.parametrize(
    ("arguments", "defaults", "variable", "expected"),
    [
        pytest.param("", "", "", [], id="nowhere"),
        pytest.param("--master spark://a:7077 pyspark-shell", "", "", ["spark://a:7077"], id="arguments"),
        pytest.param("--conf 'spark.master=yarn' pyspark-shell", "", "", ["yarn"], id="a setting in the arguments"),
        pytest.param("--master=local[3] pyspark-shell", "", "", ["local[3]"], id="with an equals sign"),
        pytest.param("", "spark.app.name x\n spark.master   k8s://b\n", "", ["k8s://b"], id="spark-defaults.conf"),
        pytest.param("", "# spark.master spark://a:7077\n", "", [], id="a comment"),
        pytest.param("", "spark.master.rest.enabled true\n", "", [], id="a setting with a longer name"),
        pytest.param("", "", "spark://c:7077", ["spark://c:7077"], id="MASTER"),
    ],
)
def test_a_master_is_found_wherever_spark_looks_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, defaults: str, variable: str, expected: list[str]
) -> None:
    (tmp_path / "spark-defaults.conf").write_text(defaults)
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", arguments)
    monkeypatch.setenv("MASTER", variable)
    assert launch.masters_set() == expected


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        pytest.param({"spark.master": "local[2]"}, "PROJECT:/own", id="local"),
        pytest.param({"spark.master": "spark://a:7077"}, "PROJECT", id="a shared mount"),
        pytest.param({"spark.master": "spark://a:7077", "spark.archives": "/x.tgz#memorization"}, "memorization"),
        pytest.param({"spark.master": "yarn", "spark.yarn.dist.archives": "y#e,x#memorization"}, "memorization"),
        pytest.param({"spark.master": "yarn", "spark.archives": "x#memorization-old"}, "PROJECT", id="another archive"),
        pytest.param({"spark.master": "local[2]", "spark.archives": "x#memorization"}, "PROJECT:/own"),
    ],
)
def test_workers_find_the_project(monkeypatch: pytest.MonkeyPatch, chosen: dict[str, str], expected: str) -> None:
    monkeypatch.setenv("PYTHONPATH", "/own")
    assert settings.python_path(chosen) == expected.replace("PROJECT", str(PROJECT))


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        pytest.param({"spark.submit.deployMode": "client"}, False, id="here"),
        pytest.param({"spark.submit.deployMode": "cluster"}, True, id="on YARN"),
        pytest.param(
            {"spark.submit.deployMode": "client", "spark.kubernetes.submitInDriver": "true"}, True, id="a pod"
        ),
    ],
)
def test_a_driver_started_by_the_cluster_is_recognized(chosen: dict[str, str], expected: bool) -> None:
    assert settings.on_the_cluster(chosen) == expected


def test_sockets_lie_only_in_a_directory_with_a_short_path() -> None:
    assert settings.sockets_fit("/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T")  # of macOS
    assert settings.sockets_fit("/" + "x" * 59)
    assert not settings.sockets_fit("/" + "x" * 60)
    assert not settings.sockets_fit("/" + "ä" * 30)


def test_the_end_of_the_java_process_becomes_a_user_error() -> None:
    from py4j.protocol import Py4JError, Py4JNetworkError
    from pyspark.errors import PySparkRuntimeError

    exited = PySparkRuntimeError(errorClass="JAVA_GATEWAY_EXITED", messageParameters={})
    for error in (
        ConnectionRefusedError(111, "Connection refused"),
        Py4JError("o55"),
        Py4JNetworkError("empty"),
        exited,
    ):
        assert isinstance(session.explained(error), UserError), error
    for other in (OSError(28, "No space left on device"), ValueError("a column"), UserError("a file")):
        assert session.explained(other) is other
