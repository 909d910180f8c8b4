"""`make chaos`: kills, full disks, an absent Hub, two runs with one id. The exit status is 1 if anything went wrong.

Both programs are tested: calculate_metrics.py on generated data, build_features.py on the embedded sample.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from itertools import cycle
from pathlib import Path
from random import Random

from chaos.absent_hub import lose_the_hub
from chaos.data import make_data
from chaos.full_disk import fill_the_disk, start_on_a_tiny_disk
from chaos.harness import Harness, Tally
from chaos.kills import kill_and_resume
from chaos.processes import BUILD_FEATURES, CALCULATE_METRICS, Role
from chaos.same_run_id import start_twice

# Each tuple is one run, killed and resumed. A run survives the kill of a worker, so a worker comes last.
VICTIMS: list[tuple[Role, ...]] = [
    ("driver", "jvm", "worker"),
    ("jvm", "driver", "daemon"),
    ("driver", "driver", "worker"),
    ("jvm", "jvm", "worker"),
]
TRIALS = (start_twice, fill_the_disk, start_on_a_tiny_disk)
FEATURES = ("--features", "duplicates,token_frequencies,near_duplicates", "--deduplicate", "exact,fuzzy")
FEATURES_DISK_MIB = 64  # many times the size of the sample's features, and full before the first one is built


def main() -> int:
    """Run all trials; return 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--kills",
        type=int,
        default=24,
        help="number of kills of calculate_metrics.py; half as many of build_features.py (default 24)",
    )
    parser.add_argument("--rows", type=int, default=50_000, help="number of rows of each job (default 50,000)")
    parser.add_argument("--seed", type=int, default=0, help="seed for the moments and victims (default 0)")
    parser.add_argument("--directory", type=Path, help="empty directory to use and keep (default: a temporary one)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # leaves no process running
    directory = options.directory or Path(tempfile.mkdtemp(prefix="chaos-"))
    started = time.monotonic()
    try:
        tally = test_both(directory.resolve(), options.rows, options.kills, options.seed)
    finally:
        if options.directory is None:
            shutil.rmtree(directory, ignore_errors=True)
    print(f"{time.monotonic() - started:.0f} s in total")
    return report(tally)


def test_both(directory: Path, rows: int, kills: int, seed: int) -> Tally:
    """Test each program in its own directory; return the tally of both."""
    tally = Tally()
    measuring, building = (directory / script.stem for script in (CALCULATE_METRICS, BUILD_FEATURES))
    arguments = make_data(measuring / "data", rows)
    run_trials(Harness(arguments, measuring, tally=tally), kills, Random(seed), (*TRIALS, lose_the_hub))
    building.mkdir()
    harness = Harness(FEATURES, building, BUILD_FEATURES, FEATURES_DISK_MIB, tally)
    run_trials(harness, kills // 2, Random(seed), TRIALS)
    return tally


def run_trials(harness: Harness, kills: int, random: Random, trials: Iterable[Callable[[Harness], None]]) -> None:
    """Run once uninterrupted, then kill and resume runs until `kills` is reached, then run the other trials."""
    print(f"{harness.script.name}:", flush=True)
    before = harness.tally.kills.total()
    harness.run_uninterrupted("uninterrupted")
    tables = f"{len(harness.expected)} tables, {sum(table.rows for table in harness.expected.values()):,} rows"
    print(f"uninterrupted: {harness.seconds:.0f} s, {tables}, {harness.operations} file operations", flush=True)
    for number, victims in enumerate(cycle(VICTIMS), 1):
        if harness.tally.kills.total() >= before + kills:
            break
        run_id = f"killed-{number}"
        kill_and_resume(harness, random, run_id, victims)
        shutil.rmtree(harness.run_directory(run_id))
    for trial in trials:
        trial(harness)


def report(tally: Tally) -> int:
    """Print the tally; return 1 if anything went wrong."""
    killed = ", ".join(f"{role}: {count}" for role, count in sorted(tally.kills.items()))
    print(f"{tally.kills.total()} kills ({killed}), {tally.resumes} resumes")
    print(f"{tally.rows_compared:,} rows of resumed runs compared with uninterrupted runs")
    print(f"Longest time a process outlived its driver: {tally.longest_survival:.1f} s")
    if tally.faults:
        print(f"{len(tally.faults)} faults:", *tally.faults, sep="\n")
        return 1
    print("No row was lost or duplicated, and no incomplete table looked complete.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
