"""Opens Spark's UI of a run that is over, from its event log: `python -m spark.session.history output/RUN_ID`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import IO, Any

from spark.session.java import use_java
from utils import UserError, printable

FIRST_PORT = 18080
PORTS_TRIED = 20
SECONDS_TO_START = 120
USAGE = "Give the directory of a run: make history RUN=output/RUN_ID"


def main(arguments: list[str]) -> int:
    """Serves the UI until Ctrl-C; 2 where there is nothing to serve."""
    try:
        if len(arguments) != 1 or not arguments[0]:
            raise UserError(USAGE)
        events = event_log_directory(arguments[0])
        port = free_port()
        serve(events, port)
    except UserError as error:
        print(f"history: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print()
    return 0


def event_log_directory(run: str) -> Path:
    """Where the event logs of a run lie; raises UserError where there are none."""
    directory, shown = Path(run).expanduser(), printable(run)
    if not directory.is_dir():
        raise UserError(f"{shown}: no such directory.\n{USAGE}")
    events = directory / "spark-events"
    if not events.is_dir() or all(path.name.startswith(".") for path in events.iterdir()):
        raise UserError(f"{shown} has no event log in spark-events/: it is no run, or Spark was never started in it.")
    return events.resolve()


def free_port(first: int = FIRST_PORT, tried: int = PORTS_TRIED) -> int:
    """The first port of the loopback that nobody has, from `first` on; raises UserError where all tried are taken."""
    for port in range(first, first + tried):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise UserError(f"The ports {first} to {first + tried - 1} are all taken; end one of the programs there.")


def serve(events: Path, port: int) -> None:
    """Runs Spark's history server and prints where the runs are, until a signal ends it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryFile() as log, subprocess.Popen(**_command(events, port, log)) as server:
        try:
            for line in addresses(port, server, log):
                print(line, flush=True)
            print("Ctrl-C ends it.", flush=True)
            server.wait()
        finally:
            server.terminate()


def addresses(port: int, server: subprocess.Popen[bytes], log: IO[bytes]) -> list[str]:
    """One line for every time that Spark was started in the run, as soon as the server has read its event log."""
    root = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and server.poll() is None:
        applications = _applications(root)
        if applications:
            return [
                f"{each['name']}, {each['attempts'][0]['startTime']}: {root}/history/{each['id']}/jobs/"
                for each in applications
            ]
        time.sleep(0.2)
    log.seek(0)
    said = printable(log.read().decode(errors="replace").strip().rpartition("\n")[2])
    raise UserError(f"Spark's history server did not show the run: {said[:300] or 'it said nothing.'}")


def _applications(root: str) -> list[dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"{root}/api/v1/applications", timeout=30) as answer:
            return list(json.load(answer))
    except OSError:
        return []


def _command(events: Path, port: int, log: IO[bytes]) -> dict[str, Any]:
    """The history server's process: of loopback, and out of reach of the terminal's Ctrl-C, which ends us first."""
    import pyspark

    use_java()
    home = Path(pyspark.__file__).parent
    options = {
        "spark.history.fs.logDirectory": f"file:{events}",  # no URI: Hadoop takes %20 for three characters
        "spark.history.ui.port": str(port),
        "spark.port.maxRetries": "0",
    }
    environment = {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_HISTORY_OPTS": " ".join(quoted(f"-D{name}={value}") for name, value in options.items()),
    }
    return {
        "args": [str(home / "bin" / "spark-class"), "org.apache.spark.deploy.history.HistoryServer"],
        "env": os.environ | environment,
        "stdout": log,
        "stderr": log,
        "start_new_session": True,
    }


def quoted(option: str) -> str:
    """The option as Spark's launcher takes it, whatever characters a path holds."""
    return '"' + option.replace("\\", "\\\\").replace('"', '\\"') + '"'


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
