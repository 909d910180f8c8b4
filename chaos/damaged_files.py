"""Measure files that are damaged at random places, and check every result.

    python -m chaos.damaged_files [--files 2000] [--seed 0] [--keep DIRECTORY]

A file must end in a table with the rows that an independent reader finds, or in one clear message that names the file.
Nobody can notice damaged values in a page without a checksum, so such a file may end in a table.
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

LARGEST_PROCESS = 2 << 30  # bytes, for the driver and for each worker; Java's heap has its own limit


def main() -> int:
    """Measure the files of the requested seeds; return 1 if a result is wrong."""
    parser = argparse.ArgumentParser(description="Measures randomly damaged files.")
    parser.add_argument("--files", type=int, default=2_000, help="number of files (default 2000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first file; each next file adds 1 (default 0)")
    parser.add_argument("--keep", type=Path, help="directory in which to keep the files with a wrong result")
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="damaged-files-") as directory:
        endings = try_seeds(range(options.seed, options.seed + options.files), Path(directory), options.keep)
    for kind, count in sorted(Counter(ending.kind for ending in endings).items()):
        print(f"{count:6d}  {kind}")
    wrong = sum(ending.wrong is not None for ending in endings)
    print(f"{len(endings):6d}  files in {time.monotonic() - started:.0f} s, {wrong} with a wrong result")
    return int(wrong > 0)


def try_seeds(seeds: range, directory: Path, keep: Path | None) -> list[Ending]:
    """Return the ending of each seed's file. Wrong results are printed, and their files copied to `keep`."""
    endings = []
    # One attempt per task: a second attempt reads the same damaged file.
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
    """Return a fault if this process or a Python process below it ever used more than `LARGEST_PROCESS`."""
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
