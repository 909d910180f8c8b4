"""A real standalone cluster on loopback, from the installed pyspark; master and workers are separate processes.

    with standalone_cluster(tmp_path) as cluster:
        finished = cluster.submit(["--datasets", "sample"], directory).wait()

The executors cannot import the checkout by accident: they start in their own directories, without PYTHONPATH.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil

from spark.session.java import find_java_home

PROJECT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 120
# For processes that live for seconds: a JVM would spend most of that time in its compiler.
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "HF_HOME", "HF_ENDPOINT")


@dataclass
class StandaloneCluster:
    """A running cluster.

    directory: holds everything the cluster writes. workers: the daemons, in the order they were started.
    """

    directory: Path
    master: str
    state_url: str
    daemons: list[subprocess.Popen[bytes]]

    @property
    def workers(self) -> list[subprocess.Popen[bytes]]:
        """All daemons except the master."""
        return self.daemons[1:]

    def state(self) -> dict[str, Any]:
        """Return the JSON that the master serves on its workers and applications."""
        with urllib.request.urlopen(self.state_url, timeout=10) as answer:
            state: dict[str, Any] = json.load(answer)
        return state

    def living_workers(self) -> int:
        """Return the number of workers that the master lists as alive."""
        return sum(worker["state"] == "ALIVE" for worker in self.state()["workers"])

    def kill_worker(self, number: int) -> None:
        """Kill the daemon of a worker, its executors and their Python processes with SIGKILL."""
        end_processes([self.workers[number]])

    def submit(
        self,
        arguments: Sequence[str],
        directory: Path,
        settings: dict[str, str] | None = None,
        archive: Path | None = None,
        environment: dict[str, str] | None = None,
        program: str = "calculate_metrics.py",
    ) -> subprocess.Popen[str]:
        """Start a program of the project on the cluster with spark-submit, in the given directory."""
        command = [str(spark_home() / "bin" / "spark-submit"), "--master", self.master]
        options = {f"spark.{process}.extraJavaOptions": SHORT_LIVED for process in ("driver", "executor")}
        for key, value in (options | (settings or {})).items():
            command += ["--conf", f"{key}={value}"]
        if archive is not None:
            command += ["--archives", f"{archive}#memorization"]
        return subprocess.Popen(
            [*command, str(PROJECT / program), *arguments],
            cwd=directory,
            env=clean_environment(self.directory) | {"PYSPARK_PYTHON": sys.executable} | (environment or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@contextmanager
def standalone_cluster(
    directory: Path, workers: int = 2, cores: int = 1, memory: str = "2g"
) -> Iterator[StandaloneCluster]:
    """Start a master and `workers` workers, each with `cores` and `memory`; kill them at the end of the block."""
    port, state_port = free_ports(2)
    master = f"spark://127.0.0.1:{port}"
    ports = ["--host", "127.0.0.1", "--port", str(port), "--webui-port", str(state_port)]
    cluster = StandaloneCluster(directory, master, f"http://127.0.0.1:{state_port}/json/", [])
    try:
        cluster.daemons.append(start_daemon(directory / "master", "master.Master", *ports))
        for number in range(workers):
            place = directory / f"worker-{number}"
            options = ["--host", "127.0.0.1", "--webui-port", "0", "-c", str(cores), "-m", memory]
            cluster.daemons.append(start_daemon(place, "worker.Worker", *options, "-d", str(place / "work"), master))
        wait_for_workers(cluster, workers)
        yield cluster
    finally:
        end_processes(cluster.daemons)


def start_daemon(directory: Path, class_name: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a Spark daemon in a new directory; its log is `daemon.log` there."""
    directory.mkdir(parents=True)
    command = [str(spark_home() / "bin" / "spark-class"), f"org.apache.spark.deploy.{class_name}", *arguments]
    with (directory / "daemon.log").open("wb") as log_file:
        return subprocess.Popen(
            command, cwd=directory, env=clean_environment(directory), stdout=log_file, stderr=subprocess.STDOUT
        )


def wait_for_workers(cluster: StandaloneCluster, expected: int) -> None:
    """Wait until the expected workers have registered; raise RuntimeError if a daemon ends or the time is up."""
    for _ in range(START_SECONDS * 5):
        if any(daemon.poll() is not None for daemon in cluster.daemons):
            break
        with suppress(OSError):  # the master does not listen yet
            if cluster.living_workers() == expected:
                return
        time.sleep(0.2)
    logs = "\n".join(path.read_text()[-1000:] for path in sorted(cluster.directory.glob("*/daemon.log")))
    raise RuntimeError(f"the cluster did not start:\n{logs}")


def end_processes(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Kill processes and all their descendants with SIGKILL."""
    living = [psutil.Process(process.pid) for process in processes if process.poll() is None]
    family = [*living, *(child for process in living for child in process.children(recursive=True))]
    for process in family:
        with suppress(psutil.NoSuchProcess):  # it has ended in the meantime
            process.kill()
    for process in processes:
        process.wait()


def clean_environment(directory: Path) -> dict[str, str]:
    """Return the environment of the cluster's processes: no PYTHONPATH, no user settings, loopback only."""
    java_home = find_java_home()
    assert java_home is not None
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return kept | {
        "JAVA_HOME": str(java_home),
        "SPARK_DAEMON_JAVA_OPTS": SHORT_LIVED,
        "SPARK_HOME": str(spark_home()),
        "SPARK_CONF_DIR": str(directory / "no-settings"),
        "SPARK_LOCAL_DIRS": str(directory / "scratch"),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


def spark_home() -> Path:
    """Return the directory of the installed pyspark, which contains a complete Spark."""
    found = find_spec("pyspark")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent


def free_ports(count: int) -> list[int]:
    """Return free ports on loopback."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
