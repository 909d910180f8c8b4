"""`make chaos`: kills, full disks, an absent Hub, two runs at once; ends with status 1 where anything went wrong.

Both programs are tried: calculate_metrics.py on data of its own, build_features.py on the embedded sample.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

from chaos.absent_hub import lose_the_hub
from chaos.data import make_data
from chaos.full_disk import fill_the_disk, start_on_a_tiny_disk
from chaos.harness import Harness, Tally
from chaos.kills import live
from chaos.processes import BUILD_FEATURES, CALCULATE_METRICS, Role
from chaos.same_run_id import start_twice

# A killed worker is survived, so that the life ends there.
LIVES: list[tuple[Role, ...]] = [
    ("driver", "jvm", "worker"),
    ("jvm", "driver", "daemon"),
    ("driver", "driver", "worker"),
    ("jvm", "jvm", "worker"),
]
TRIALS = (start_twice, fill_the_disk, start_on_a_tiny_disk)
FEATURES = ("--features", "duplicates,token_frequencies,near_duplicates", "--deduplicate", "exact,fuzzy")
FEATURES_DISK_MIB = 64  # many times what the sample's features take, and full before the first of them is built


def main() -> int:
    """Runs all trials; 1 where anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--kills", type=int, default=24, help="of calculate_metrics.py; half as many of build_features.py (default 24)"
    )
    parser.add_argument("--rows", type=int, default=50_000, help="of each split to measure (default 50,000)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments and victims (default 0)")
    parser.add_argument("--directory", type=Path, help="an empty one to work in, kept; else a temporary one")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that nothing is left running
    directory = options.directory or Path(tempfile.mkdtemp(prefix="chaos-"))
    started = time.monotonic()
    try:
        tally = try_both(directory.resolve(), options.rows, options.kills, options.seed)
    finally:
        if options.directory is None:
            shutil.rmtree(directory, ignore_errors=True)
    print(f"{time.monotonic() - started:.0f} s in all")
    return report(tally)


def try_both(directory: Path, rows: int, kills: int, seed: int) -> Tally:
    """Tries each program in a directory of its own; what came of both."""
    tally = Tally()
    measuring, building = (directory / script.stem for script in (CALCULATE_METRICS, BUILD_FEATURES))
    arguments = make_data(measuring / "data", rows)
    run_trials(Harness(arguments, measuring, tally=tally), kills, Random(seed), (*TRIALS, lose_the_hub))
    building.mkdir()
    harness = Harness(FEATURES, building, BUILD_FEATURES, FEATURES_DISK_MIB, tally)
    run_trials(harness, kills // 2, Random(seed), TRIALS)
    return tally


def run_trials(harness: Harness, kills: int, random: Random, trials: Iterable[Callable[[Harness], None]]) -> None:
    """One undisturbed run, lives until so many processes were killed, then the other trials."""
    print(f"{harness.script.name}:", flush=True)
    before = harness.tally.kills.total()
    harness.run_undisturbed("undisturbed")
    tables = f"{len(harness.expected)} tables, {sum(table.rows for table in harness.expected.values()):,} rows"
    print(f"undisturbed: {harness.seconds:.0f} s, {tables}, {harness.operations} operations on files", flush=True)
    life = 0
    while harness.tally.kills.total() < before + kills:
        run_id = f"life-{life + 1}"
        live(harness, random, run_id, LIVES[life % len(LIVES)])
        shutil.rmtree(harness.run_directory(run_id))
        life += 1
    for trial in trials:
        trial(harness)


def report(tally: Tally) -> int:
    """Prints what was done and what came of it; 1 where anything went wrong."""
    killed = ", ".join(f"{count} of a {role}" for role, count in sorted(tally.kills.items()))
    print(f"{tally.kills.total()} kills ({killed}), {tally.resumes} resumes")
    print(f"{tally.rows_compared:,} rows of runs that went on compared with those of uninterrupted runs")
    print(f"The longest that a process outlived its driver: {tally.longest_survival:.1f} s")
    if tally.faults:
        print(f"{len(tally.faults)} faults:", *tally.faults, sep="\n")
        return 1
    print("No row was lost, none doubled, and nothing looked complete that was not.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
