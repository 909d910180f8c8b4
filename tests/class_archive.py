"""Archive the classes that Spark loads, so that the many JVMs of the tests start with about half of the work.

`make test` writes the archive once per environment: python -m tests.class_archive
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ARCHIVE = Path(sys.prefix) / "spark-classes.jsa"
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
QUIET = "-Xshare:auto -Xlog:disable -Xlog:all=off"  # an archive of another Java or Spark is ignored


def write_archive() -> None:
    """Run a small job; Java archives the classes that it has loaded by its end."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "corpus.jsonl").write_text('{"tokens": [1, 2, 3, 4]}\n{"tokens": [1, 2, 3, 4]}\n')
        program = [sys.executable, str(PROJECT / "build_features.py"), "--features", "near_duplicates", "--quiet"]
        options = {
            "JAVA_TOOL_OPTIONS": JAVA_OPTIONS,
            "SPARK_SUBMIT_OPTS": f"-XX:ArchiveClassesAtExit={ARCHIVE} {QUIET}",
        }
        subprocess.run([*program, "--corpus", "corpus.jsonl"], cwd=directory, env=os.environ | options, check=True)


def options_to_use_it() -> str:
    """Return the options of Java that use the archive; empty if there is none."""
    return f"-XX:SharedArchiveFile={ARCHIVE} {QUIET}" if ARCHIVE.is_file() else ""


if __name__ == "__main__":
    write_archive()
