"""Two runs with the same run id at the same time: the second must be rejected, the first must not be affected."""

from __future__ import annotations

from chaos.harness import Harness
from chaos.moments import hidden_directories, wait_until


def start_twice(harness: Harness) -> None:
    """Start the same command again while the first run is measuring."""
    run = harness.run_directory("twice")
    with harness.program("twice") as first:
        wait_until(first, lambda: bool(hidden_directories(run)))
        with harness.program("twice") as second:
            second_status = second.wait()
        status = first.wait()
    printed = second.printed()
    if second_status != 2 or f"process {first.process.pid}" not in printed or "Traceback" in printed:
        fault = f"expected status 2 and the first run's process from the second run, found {second_status}:\n{printed}"
        harness.note("twice", [fault])
    if status != 0:
        harness.note("twice", [f"the first run ended with status {status}:\n{first.printed()}"])
    harness.compare("twice")
    print(f"same run id twice: the second ended with status {second_status}, the first with {status}", flush=True)
