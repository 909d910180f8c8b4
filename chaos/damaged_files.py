"""Has the program measure files that are damaged at random places, and holds every ending to the promise.

    python -m chaos.damaged_files [--files 2000] [--seed 0] [--keep DIRECTORY]

A file ends in a measured table, whose rows are those that an independent reader finds, or in one clear message that
names the file. Damage to the values in a page without a checksum cannot be noticed by anybody: that is a table.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

from chaos.damaged_contents import make_file
from chaos.damaged_trial import Ending, try_file
from chaos.independent_reading import IndependentReader
from spark.runs.run_directory import logs_of
from spark.session.spark_session import start_session
from utils import printable

LARGEST_PROCESS = 2 << 30  # bytes, of the driver and of each worker; Java's heap has its own bound


def main() -> int:
    """Tries the files that the command line asks for; 1 where one ended as none may."""
    parser = argparse.ArgumentParser(description="Measures randomly damaged files.")
    parser.add_argument("--files", type=int, default=2_000, help="how many (default 2000)")
    parser.add_argument("--seed", type=int, default=0, help="of the first file; the next ones count on (default 0)")
    parser.add_argument("--keep", type=Path, help="where the files that broke a promise are kept")
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="damaged-files-") as directory:
        endings = try_seeds(range(options.seed, options.seed + options.files), Path(directory), options.keep)
    for kind, count in sorted(Counter(ending.kind for ending in endings).items()):
        print(f"{count:6d}  {kind}")
    wrong = sum(ending.wrong is not None for ending in endings)
    print(f"{len(endings):6d}  files in {time.monotonic() - started:.0f} s, of which {wrong} broke a promise")
    return int(wrong > 0)


def try_seeds(seeds: range, directory: Path, keep: Path | None) -> list[Ending]:
    """How the file of each seed ended; those that broke a promise are printed, and kept where `keep` says."""
    endings = []
    # One attempt for each task: a damaged file is as damaged at the second.
    os.environ.setdefault("PYSPARK_SUBMIT_ARGS", "--master local[*] pyspark-shell")
    spark = start_session("damaged files", logs_of(directory, directory))
    spark.conf.set("spark.sql.shuffle.partitions", "2")
    try:
        with IndependentReader() as reader:
            for seed in seeds:
                made, place = make_file(seed), directory / str(seed)
                place.mkdir()
                path = place / made.name
                path.write_bytes(made.content)
                ending = try_file(spark, path, reader.read(path))
                spark.sparkContext.cancelAllJobs()
                if too_large := largest_process():
                    ending = Ending(ending.kind, too_large)
                endings.append(ending)
                if ending.wrong is not None:
                    print(f"seed {seed}, {made.name}: {ending.kind}: {printable(ending.wrong)}", flush=True)
                    if keep:
                        shutil.copytree(place, keep / str(seed), dirs_exist_ok=True)
                shutil.rmtree(place)
                if sys.stderr.isatty():
                    print(f"\r{len(endings)} of {len(seeds)}", end="", file=sys.stderr)
    finally:
        spark.stop()
    return endings


def largest_process() -> str | None:
    """The Python process among this one and its descendants that ever held more memory than it may, if any."""
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
            peak = int((re.search(r"VmHWM:\s*(\d+) kB", status) or [0, 0])[1]) << 10
            if "python" in process.name() and peak > LARGEST_PROCESS:
                return f"process {process.pid} took {peak >> 20} MiB"
        except (OSError, psutil.NoSuchProcess):
            continue
    return None


if __name__ == "__main__":
    sys.exit(main())
