"""`make chaos`: kills, full disks, an absent Hub; see the package. Ends with status 1 where anything went wrong."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from random import Random

from chaos.data import make_data
from chaos.kills import Harness
from chaos.processes import Role

LIVES: list[tuple[Role, ...]] = [
    ("driver", "jvm", "worker"),
    ("jvm", "driver", "daemon"),
    ("driver", "driver", "worker"),
    ("jvm", "jvm", "worker"),
]


def main() -> int:
    """Lives until enough was killed; 1 where anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=24, help="how many processes to kill (default 24)")
    parser.add_argument("--rows", type=int, default=50_000, help="rows of each split (default 50,000)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments and victims (default 0)")
    parser.add_argument("--directory", type=Path, help="where to work; a temporary one that is removed if not given")
    options = parser.parse_args()
    directory = options.directory or Path(tempfile.mkdtemp(prefix="chaos-"))
    try:
        harness = kill_and_go_on(directory.resolve(), options.rows, options.kills, options.seed)
    finally:
        if options.directory is None:
            shutil.rmtree(directory, ignore_errors=True)
    return report(harness)


def kill_and_go_on(directory: Path, rows: int, kills: int, seed: int) -> Harness:
    """The harness after that many kills."""
    arguments = make_data(directory / "data", rows)
    harness = Harness(arguments, directory, Random(seed))
    harness.run_undisturbed()
    print(
        f"undisturbed: {harness.seconds:.0f} s, {len(harness.expected)} tables, "
        f"{harness.operations} file operations of the driver",
        flush=True,
    )
    life = 0
    while harness.kills.total() < kills:
        harness.live(f"life-{life + 1}", LIVES[life % len(LIVES)])
        shutil.rmtree(harness.run_directory(f"life-{life + 1}"))
        life += 1
    return harness


def report(harness: Harness) -> int:
    """Prints what was done and what came of it; 1 where anything went wrong."""
    killed = ", ".join(f"{count} {role}" for role, count in sorted(harness.kills.items()))
    print(
        f"{harness.kills.total()} kills ({killed}), {harness.resumes} resumes, "
        f"{harness.rows_compared:,} rows compared with those of the uninterrupted run"
    )
    print(f"No process outlived its run by more than {harness.longest_survival:.1f} s")
    if harness.faults:
        print(f"{len(harness.faults)} faults:", *harness.faults, sep="\n")
        return 1
    print("No row was lost, none doubled, and nothing looked complete that was not.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
