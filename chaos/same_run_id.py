"""Two runs with one run id at the same time: the second is sent away, and the first is not disturbed."""

from __future__ import annotations

from chaos.harness import Harness
from chaos.moments import hidden_directories, wait_until


def start_twice(harness: Harness) -> None:
    """Starts the same command again while its first start is measuring."""
    run = harness.run_directory("twice")
    with harness.program("twice") as first:
        wait_until(first, lambda: bool(hidden_directories(run)))
        with harness.program("twice") as second:
            refused = second.wait()
        status = first.wait()
    printed = second.printed()
    if refused != 2 or f"process {first.process.pid}" not in printed or "Traceback" in printed:
        harness.note("twice", [f"the second ended with status {refused} and does not name the first:\n{printed}"])
    if status != 0:
        harness.note("twice", [f"the first ended with status {status}:\n{first.printed()}"])
    harness.compare("twice")
    print(f"same run id twice: the second ended with status {refused}, the first with {status}", flush=True)
